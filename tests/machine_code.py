"""What the machine code of parts calls, looked up in their object files on disk."""

ALLOCATION = b"NRT_MemInfo_alloc", b"reshape"  # names in the code of what allocates


def check_no_allocation(*parts):
    """Parts call no allocator and no reshape: they, and all kernels that are compiled into them."""
    for each in parts:
        assert each.address  # compiled, as it is for its users
        code = each._content()
        assert len(code) > 1000
        assert not any(word in code for word in ALLOCATION), str(each)
