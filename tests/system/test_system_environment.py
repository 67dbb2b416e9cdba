"""Variables of the environment that reach what TensorFlow computes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.errors import AblateError
from ablate.system import environment
from ablate.trainers import libraries


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TF_XLA_FLAGS", "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"),
        ("TF_XLA_FLAGS", "--tf_xla_cpu_global_jit '--tf_xla_auto_jit=fusible'"),
        ("TF_XLA_FLAGS", "--tf_xla_auto_jit=0 --tf_xla_auto_jit=single-gpu(2)"),
        ("ONEDNN_DEFAULT_FPMATH_MODE", "BF16"),
        ("DNNL_DEFAULT_FPMATH_MODE", "any"),
        ("TF_SET_ONEDNN_FPMATH_MODE", "BF16"),
        ("TF_ONEDNN_ASSUME_FROZEN_WEIGHTS", "1"),
        ("TF_FUNCTION_JIT_COMPILE_DEFAULT", "true"),
        ("TF_ENABLE_AUTO_MIXED_PRECISION", "1"),
        ("NVIDIA_TF32_OVERRIDE", "1"),
    ],
)
def test_what_changes_the_training_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(AblateError, match=f"{name}=.* changes what is trained") as refused:
        environment.check({name: value, "HOME": "/root"})
    assert value in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TF_XLA_FLAGS", "--tf_xla_cpu_global_jit --tf_xla_auto_jit=0"),
        ("TF_XLA_FLAGS", ""),
        ("TF_XLA_FLAGS", "/no/such/file"),
        ("XLA_FLAGS", "--xla_gpu_cuda_data_dir=/usr/local/cuda"),
        ("ONEDNN_DEFAULT_FPMATH_MODE", "strict"),
        ("TF_ONEDNN_ASSUME_FROZEN_WEIGHTS", "0"),
        ("NVIDIA_TF32_OVERRIDE", "0"),
        ("TF_ENABLE_ONEDNN_OPTS", "0"),
        ("KERAS_BACKEND", "jax"),
    ],
)
def test_what_does_not_is_taken(name: str, value: str) -> None:
    environment.check({name: value})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TF_XLA_FLAGS", "--nope=1", "TF_XLA_FLAGS has a flag that TensorFlow does not know: --nope=1."),
        pytest.param(
            *(
                "XLA_FLAGS",
                "--xla_cpu_enable_fast_math=maybe",
                "XLA_FLAGS has a flag whose value TensorFlow cannot read: --xla_cpu",
            ),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_flags_with_which_tensorflow_does_not_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(AblateError) as refused:
        libraries.check()
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "F0 x.cc:1] Unknown flags in XLA_FLAGS: --a --b=1\n",
            "XLA_FLAGS has a flag that TensorFlow does not know: --a --b=1.",
        ),
        (
            'F0] Could not open file "x" to read flags for environment variable "XLA_FLAGS".',
            "XLA_FLAGS=x is neither a flag nor a readable file",
        ),
        ("F0] Check failed: Parse() Flag parsing failed.\nusage: --b=no --c\nFlags:\n", "TF_XLA_FLAGS has a flag whose value"),
        ("Traceback\nablate.errors.AblateError: Keras does not start.\n", "Keras does not start."),
    ],
)
def test_why_a_library_does_not_start(said: str, told: str) -> None:
    reason = libraries._why_not(said, {"XLA_FLAGS": "--a", "TF_XLA_FLAGS": "--b=no --c"})
    assert reason is not None
    assert reason.startswith(told)
    assert libraries._why_not("Segmentation fault\n", {}) is None


@pytest.mark.slow
@pytest.mark.parametrize("content", ["[1]", '{"epsilon": 1}'])
def test_a_file_of_keras_with_which_it_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str) -> None:
    (tmp_path / "keras.json").write_text(content)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(AblateError, match=r"Keras does not start with its settings. Correct or remove .*keras\.json"):
        libraries.check()


def test_usual_settings_start_no_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(libraries.subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for content in (
        None,
        "{}",
        '{"floatx": "float16", "epsilon": 0.1, "backend": "jax", "image_data_format": "channels_first"}',
    ):
        if content is not None:
            (tmp_path / "keras.json").write_text(content)
        libraries.check({"KERAS_HOME": str(tmp_path), "TF_XLA_FLAGS": " "})


@pytest.mark.slow
def test_flags_that_tensorflow_knows_start() -> None:
    libraries.check({"XLA_FLAGS": "--xla_cpu_enable_fast_math=false", "KERAS_HOME": "/nope"})


def test_flags_in_a_file_are_refused_too(tmp_path: Path) -> None:
    (tmp_path / "flags").write_text("--tf_xla_cpu_global_jit\n--tf_xla_auto_jit=2\n")
    with pytest.raises(AblateError, match="TF_XLA_FLAGS"):
        environment.check({"TF_XLA_FLAGS": str(tmp_path / "flags")})


def test_what_may_change_bits_is_found_and_nothing_else() -> None:
    assert environment.found(
        {
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "ONEDNN_MAX_CPU_ISA": " AVX2 ",
            "XLA_FLAGS": "--xla_gpu_cuda_data_dir=/opt/cuda --xla_gpu_autotune_level=0 --xla_dump_to=/tmp/x",
            "GLIBC_TUNABLES": "glibc.malloc.check=1:glibc.cpu.hwcaps=-AVX2",
            "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
            "TF_CUDNN_USE_AUTOTUNE": "",
            **dict.fromkeys(("TF_CPP_MIN_LOG_LEVEL", "TF_NUM_INTRAOP_THREADS", "TF_FORCE_GPU_ALLOW_GROWTH"), "1"),
            **dict.fromkeys(("TF_TOKEN_app_terraform_io", "TF_VAR_password", "AWS_SECRET_ACCESS_KEY", "HOME"), "secret"),
            **dict.fromkeys(("CUDA_VISIBLE_DEVICES", "ONEDNN_VERBOSE", "TF_XLA_DUMP", "MKL_VERBOSE"), "1"),
        }
    ) == {
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "XLA_FLAGS": "--xla_gpu_autotune_level=0",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    [value] = environment.found({"TF_ENABLE_SOMETHING": "/home/me/my secret"}).values()
    assert value.startswith("sha256 ")


@given(st.dictionaries(st.sampled_from(["XLA_FLAGS", "TF_XLA_FLAGS", "TF_ENABLE_X", "GLIBC_TUNABLES"]), st.text(max_size=40)))
def test_any_text_is_recorded_as_one_short_line(variables: dict[str, str]) -> None:
    for value in environment.found(variables).values():
        assert value.isprintable()
        assert len(value) <= 300


def test_instruction_sets() -> None:
    lines = ["processor\t: 0", "flags\t\t: fpu avx avx2 avx512f amx_bf16 ht", "flags\t\t: fpu"]
    assert environment.instructions(lines) == ["avx", "avx2", "avx512f", "amx_bf16"]
    assert environment.instructions([]) == []


def test_changes_between_segments() -> None:
    begun = {
        "device": "A",
        "versions": {"tensorflow": "2.20.0", "keras": "3.15.1"},
        "environment": {"variables": {"TF_ENABLE_ONEDNN_OPTS": "0"}, "instructions": ["avx2"]},
    }
    now = {
        "device": "B",
        "versions": {"tensorflow": "2.21.0", "keras": "3.15.1"},
        "environment": {"variables": {"XLA_FLAGS": "--x=1"}, "instructions": ["avx2", "fma"]},
    }
    assert environment.changes(begun, begun) == []
    assert environment.changes(begun, now) == [
        "device: A → B",
        "tensorflow: 2.20.0 → 2.21.0",
        "instruction sets: avx2 → avx2 fma",
        "TF_ENABLE_ONEDNN_OPTS: 0 → unset",
        "XLA_FLAGS: unset → --x=1",
    ]
    older = {key: value for key, value in begun.items() if key != "environment"}
    assert environment.changes(older, now) == ["device: A → B", "tensorflow: 2.20.0 → 2.21.0"]
    damaged = {"versions": 1, "environment": {"variables": []}}
    assert environment.changes(damaged, damaged) == []
    assert "device: unset → B" in environment.changes(damaged, now)
