// Stub: see README.md.
#pragma once
#define PLUGINLIB_EXPORT_CLASS(kind, base) \
    static_assert(std::is_base_of<base, kind>::value, "a plugin of its base");
