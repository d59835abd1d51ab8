"""Trees that lead elsewhere: what a path, a link or a name can do to make the gate look at another file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

from checkout import MODEL, Checkout, good_model, manifest
from hostile_documents import CONFIG, Case


def _path(name: str, path: str, why: str) -> Case:
    """A path that is refused: the file it means is never opened, and the rule about digests is not kept."""

    def make(here: Checkout) -> None:
        here.replace(f"path: {MODEL}", f'path: "{path}"')

    return Case(name, make, 1, rf"UNKNOWN FPR-001 [^\n]*\n  --> release\.yaml:5:\d+\n(?:.*\n)*?.*path refused: .*{why}")


def _moved(here: Checkout) -> str:
    """Move the model out of the checkout; gives its new place."""
    outside = here.root.parent / "outside.onnx"
    (here.root / MODEL).rename(outside)
    return str(outside)


def _symbolic_link(here: Checkout) -> None:
    (here.root / MODEL).symlink_to(_moved(here))


def _link_inside(here: Checkout) -> None:
    here.write("real.onnx.bin", good_model())
    (here.root / MODEL).unlink()
    (here.root / MODEL).symlink_to("../real.onnx.bin")


def _linked_folder(here: Checkout) -> None:
    (here.root / "model").rename(here.root.parent / "outside")
    (here.root / "model").symlink_to(here.root.parent / "outside", target_is_directory=True)


def _hard_link(here: Checkout) -> None:
    os.link(here.root / MODEL, here.root.parent / "second-name")


def _pipe(here: Checkout) -> None:
    (here.root / MODEL).unlink()
    os.mkfifo(here.root / MODEL)


def _folder(here: Checkout) -> None:
    (here.root / MODEL).unlink()
    (here.root / MODEL).mkdir()


def _device(here: Checkout) -> None:
    (here.root / MODEL).unlink()
    (here.root / MODEL).symlink_to("/dev/zero")


def _pointer(here: Checkout) -> None:
    oid = "a" * 64
    here.ship(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 4096\n".encode())


def _truncated(here: Checkout) -> None:
    here.write(MODEL, good_model()[:-4])


def _emptied(here: Checkout) -> None:
    here.write(MODEL, b"")


def _submodule(here: Checkout) -> None:
    """A commit of another repository stands in the index where the model should be."""
    here.ship(good_model(), path="other/kws.onnx")
    (here.root / MODEL).unlink()
    entry = f"160000,{'a' * 40},other"
    for words in (["add", "release.yaml"], ["update-index", "--add", "--cacheinfo", entry]):
        subprocess.run(["git", *words], cwd=here.root, check=True)


def _other_case(here: Checkout) -> None:
    here.write("model/KWS.onnx", b"")


def _manifest_link(here: Checkout) -> None:
    (here.root / "release.yaml").rename(here.root.parent / "release.yaml")
    (here.root / "release.yaml").symlink_to(here.root.parent / "release.yaml")


def _manifest_pipe(here: Checkout) -> None:
    (here.root / "release.yaml").unlink()
    os.mkfifo(here.root / "release.yaml")


def _manifest_folder(here: Checkout) -> None:
    (here.root / "release.yaml").unlink()
    (here.root / "release.yaml").mkdir()


def _manifest_pointer(here: Checkout) -> None:
    here.write("release.yaml", f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 400\n")


def _second_name(here: Checkout) -> None:
    here.write("models/copy/kws.onnx", good_model())
    here.write("models/copy/release.yaml", manifest(good_model(), path="kws.onnx"))


def _configuration_link(here: Checkout) -> None:
    outside = here.root.parent / "weak.yaml"
    outside.write_text(CONFIG + '  policy: ["builtin:fingerprint"]\n')
    (here.root / "policy-gate.yaml").symlink_to(outside)


def _configuration_pipe(here: Checkout) -> None:
    os.mkfifo(here.root / "policy-gate.yaml")


def _pack_link(here: Checkout) -> None:
    (here.root / "own.yaml").symlink_to("/etc/hostname")
    here.write("policy-gate.yaml", CONFIG + "  policy: [own.yaml]\n")


def _unlisted(path: str, content: bytes) -> Callable[[Checkout], None]:
    def make(here: Checkout) -> None:
        here.write(path, content)

    return make


def _broken(path: str, content: bytes) -> Callable[[Checkout], None]:
    return _unlisted(f".git/{path}", content)


TREES = (
    _path("a path that climbs out", "../outside.onnx", r"has the segment '\.\.'"),
    _path("a path that climbs out from inside", "model/../../outside.onnx", r"has the segment '\.\.'"),
    _path("an absolute path", "/etc/passwd", "is absolute"),
    _path("a path with a backslash", "model\\\\kws.onnx", r"U\+005C"),
    _path("a path with a drive", "C:/kws.onnx", r"U\+003A"),
    _path("a path with an alternate stream", "model/kws.onnx:evil", r"U\+003A"),
    _path("a path with an escape sequence", "model/\\x1b[2Jkws.onnx", r"U\+001B"),
    _path("a path with a line end", "model/kws\\n.onnx", r"U\+000A"),
    _path("a path that reads backwards", "model/\\u202exnno.kws", r"U\+202E"),
    _path("a path with half a surrogate in it", "model/kws\\0.onnx", r"U\+0000"),
    _path("a path into git's own folder", ".git/config", "git's own directory"),
    _path("a path into git's own folder by its short name", "GIT~1/config", "git's own directory"),
    _path("the name of a device", "model/NUL.onnx", "Windows device"),
    _path("a name that ends with a dot", "model/kws.onnx.", "ends with a dot"),
    _path("an empty segment", "model//kws.onnx", "empty segment"),
    _path("a path that stays where it is", "./model/kws.onnx", r"has the segment '\.'"),
    Case("a model that is a symbolic link out of the checkout", _symbolic_link, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*path refused: .*symbolic link"),
    Case("a model that is a symbolic link within the checkout", _link_inside, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*path refused: .*symbolic link"),
    Case("a model that is a symbolic link to a device", _device, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*path refused: .*symbolic link"),
    Case("a model in a folder that is a symbolic link", _linked_folder, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*path refused: .*symbolic link"),
    Case("a model with a second hard link", _hard_link, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*more than one hard link"),
    Case("a model that is a pipe", _pipe, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*path refused: .*named pipe"),
    Case("a model that is a folder", _folder, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*path refused: .*is a folder"),
    Case("a model that is not there", lambda here: (here.root / MODEL).unlink(), 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*not in checkout"),
    Case("a model that is an LFS pointer", _pointer, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*LFS pointer"),
    Case("a model of no bytes under another's digest", _emptied, 1, r"FAIL FPR-001 "),
    Case("a model cut after it was released", _truncated, 1, r"FAIL FPR-001 "),
    Case("a model in another repository", _submodule, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*not in checkout", ("--tree", "index")),
    Case("a model whose name has a twin in capitals", _other_case, 1, r"UNKNOWN FPR-001 (?:.*\n)*?.*only in case"),
    Case("a manifest that is a symbolic link", _manifest_link, 2, r"^release\.yaml: path refused: .*symbolic link"),
    Case("a manifest that is a pipe", _manifest_pipe, 2, r"^release\.yaml: path refused: .*named pipe|no release manifest"),
    Case("a manifest that is a folder", _manifest_folder, 2, r"no release manifest"),
    Case("a manifest that is an LFS pointer", _manifest_pointer, 2, r"^release\.yaml: LFS pointer"),
    Case("no manifest", lambda here: (here.root / "release.yaml").unlink(), 2, r"no release manifest"),
    Case("two manifests of one release", _second_name, 2, r"^release\.yaml:3:\d+: release 'kws' is already described by models/copy/release\.yaml"),
    Case("a configuration that is a symbolic link", _configuration_link, 2, r"^policy-gate\.yaml: path refused: .*symbolic link"),
    Case("a configuration that is a pipe", _configuration_pipe, 2, r"^policy-gate\.yaml: path refused: .*named pipe"),
    Case("a pack that is a symbolic link", _pack_link, 2, r"own\.yaml.*symbolic link"),
    Case("an unlisted model beside a good one", _unlisted("model/second.onnx", good_model()), 1, r"FAIL REL-004 (?:.*\n)*?.*model/second\.onnx"),
    Case("an unlisted model far away", _unlisted("a/b/c/d.tflite", b"\x1c\0\0\0TFL3"), 1, r"FAIL REL-004 (?:.*\n)*?.*a/b/c/d\.tflite"),
    Case("an unlisted model called .bin", _unlisted("model/weights.bin", good_model()), 1, r"FAIL REL-004 (?:.*\n)*?.*model/weights\.bin"),
    Case("an unlisted model called .txt", _unlisted("notes.txt", good_model()), 1, r"FAIL REL-004 (?:.*\n)*?.*notes\.txt"),
    Case("an unlisted model of no bytes", _unlisted("model/empty.onnx", b""), 1, r"FAIL REL-004 (?:.*\n)*?.*model/empty\.onnx"),
    Case("an index that git cannot read", _broken("index", b"DIRC\0\0\0\x02\xff\xff\xff\xff" + b"\0" * 40), 2, r"git ls-files failed"),
)  # fmt: skip
