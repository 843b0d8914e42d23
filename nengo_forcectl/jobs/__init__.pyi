"""The public names of the jobs, and where each lives."""

from .arms.arms_job import load_arms as load_arms
from .bench.bench_job import run_bench as run_bench
from .bench.bench_settings import BenchSettings as BenchSettings
from .bench.results import Results as Results, read_results as read_results
from .contact.contact_settings import (
    PressSettings as PressSettings,
    WipeSettings as WipeSettings,
)
from .contact.press import run_press as run_press
from .contact.wipe import run_wipe as run_wipe
from .doctor.doctor_job import run_doctor as run_doctor
from .doctor.doctor_settings import DoctorSettings as DoctorSettings
from .doctor.finding import Finding as Finding
from .export.export_job import run_export as run_export
from .export.export_settings import ExportSettings as ExportSettings
from .jacobian.jacobian_job import run_jacobian as run_jacobian
from .jacobian.jacobian_run import (
    JacobianRun as JacobianRun,
    read_jacobian_run as read_jacobian_run,
)
from .jacobian.jacobian_settings import JacobianSettings as JacobianSettings
from .logs.convert_job import run_convert as run_convert
from .logs.convert_settings import ConvertSettings as ConvertSettings
from .logs.identify_job import run_identify as run_identify
from .logs.identify_settings import IdentifySettings as IdentifySettings
from .logs.payload_job import run_payload as run_payload
from .logs.payload_settings import PayloadSettings as PayloadSettings
from .logs.replay_job import run_replay as run_replay
from .logs.replay_settings import ReplaySettings as ReplaySettings
from .reach.reach_job import run_reach as run_reach
from .reach.reach_settings import ReachSettings as ReachSettings
from .rivals import RIVALS as RIVALS, TIPS as TIPS, Rival as Rival, Tip as Tip
from .robot.robot_job import FirstTorques as FirstTorques, run_robot as run_robot
from .robot.robot_settings import RunSettings as RunSettings
from .run_folder import Run as Run, read_run as read_run
from .show.show_job import run_show as run_show
from .show.show_settings import ShowSettings as ShowSettings
from .sweep.sweep_job import run_sweep as run_sweep
from .sweep.sweep_results import (
    SweepCell as SweepCell,
    SweepResults as SweepResults,
    read_sweep as read_sweep,
)
from .sweep.sweep_settings import SweepSettings as SweepSettings
