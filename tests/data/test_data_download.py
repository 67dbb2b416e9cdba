import hashlib
import http.server
import json
import subprocess
import sys
import threading
import time

import pytest

from ablate import data
from ablate.errors import AblateError


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests.append(self.path)
        time.sleep(server.wait_s)
        if server.fault == "missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        self.wfile.write(server.body[: len(server.body) // 2] if server.fault == "broken" else server.body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def server(tiny_tar):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.body, server.requests, server.fault, server.wait_s = tiny_tar.read_bytes(), [], None, 0
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def config(server):
    return {
        "name": "cifar10",
        "archive": None,
        "records_per_file": 20,
        "url": f"http://127.0.0.1:{server.server_address[1]}/cifar-10-binary.tar.gz",
        "md5": hashlib.md5(server.body).hexdigest(),
    }


def files(folder):
    return [path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]


def refusal(config):
    with pytest.raises(AblateError) as caught:
        data.load(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_download_gives_the_arrays_of_a_local_copy_once(config, server, tiny_tar, capfd):
    local = data.load({**config, "archive": str(tiny_tar)})
    assert data.load(config).digest == local.digest
    assert "100%" in capfd.readouterr().err
    assert data.load(config).digest == local.digest
    assert len(server.requests) == 1


def test_a_broken_download_leaves_nothing_and_can_be_repeated(config, server, cache_folder):
    server.fault = "broken"
    message = refusal(config)
    assert f"Cannot download cifar-10-binary.tar.gz from {config['url']}: " in message
    assert files(cache_folder) == []
    server.fault = None
    assert len(data.load(config).train.labels) == 100


def test_another_md5_leaves_nothing(config, server, cache_folder):
    received, config["md5"] = config["md5"], "0" * 32
    message = refusal(config)
    assert f"{config['url']} must have MD5 {'0' * 32}, got {received}" in message
    assert files(cache_folder) == []


def test_a_file_that_is_not_there_leaves_nothing(config, server, cache_folder):
    server.fault = "missing"
    assert "404" in refusal(config)
    assert files(cache_folder) == []


def test_offline_is_one_line_that_says_what_to_do(config, server, cache_folder):
    config["url"] = "http://127.0.0.1:9/cifar-10-binary.tar.gz"
    message = refusal(config)
    assert message.startswith(f"Cannot download cifar-10-binary.tar.gz from {config['url']}: ")
    assert "Connection refused" in message
    for advice in ("data.archive", "$ABLATE_DATA", "data=digits, which needs no download"):
        assert advice in message
    assert files(cache_folder) == []


def test_two_processes_download_once(config, server):
    server.wait_s = 1
    code = "import json, sys; from ablate import data; print(data.load(json.loads(sys.argv[1])).digest)"
    command = [sys.executable, "-c", code, json.dumps(config)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert outputs[0] == outputs[1] != b""
    assert len(server.requests) == 1


def test_a_killed_download_is_started_again(config, server, cache_folder):
    data.load(config)
    (tar,) = cache_folder.rglob("*.tar.gz")
    (cache_folder / "cifar10").rename(cache_folder / "old")
    partial = cache_folder / "cifar10" / f"{tar.name}.partial"
    partial.parent.mkdir()
    partial.write_bytes(server.body[:1000])
    data.load(config)
    assert len(server.requests) == 2
    assert not partial.exists()


def test_a_kept_download_is_checked_before_it_is_used(config, server, cache_folder):
    data.load(config)
    (tar,) = cache_folder.rglob("*.tar.gz")
    for damage, requests in ((False, 1), (True, 2)):
        (kept,) = (path for path in tar.parent.iterdir() if path.is_dir())
        (kept / "kept.json").unlink()
        if damage:
            tar.write_bytes(server.body[:-1])
        data.load(config)
        assert len(server.requests) == requests


def test_a_folder_that_cannot_be_written_keeps_no_download(config, server, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    config["cache"] = str(tmp_path / "file" / "cache")
    assert len(data.load(config).train.labels) == 100
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"url": "file:///etc/passwd"}, "data.url must start with http:// or https://, got 'file:///etc/passwd'"),
        ({"url": None}, "data.url must start with"),
        ({"md5": "c32a"}, "data.md5 must be 32 hex digits"),
        ({"md5": None}, "got None"),
    ],
)
def test_bad_settings_are_refused(change, expected, config):
    assert expected in refusal({**config, **change})
