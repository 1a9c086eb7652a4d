"""Pictures as they come from the web: opened by their content, upright, in plain RGB, or refused with one sentence."""

import hashlib
import math
import threading
import warnings
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mner_core.types import InputError

MAX_PIXELS = 64_000_000
"""A picture with more is refused before it is decoded: it would take 200 MB and more. Phones make 50 million."""

PICTURE_ENDINGS = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".gif",
        ".webp",
        ".bmp",
        ".tif",
        ".tiff",
        ".avif",
        ".ppm",
        ".jp2",
        ".ico",
    )
)
"""What a picture's file name may end with, in lower case. Which format it is, its content says."""

# EPS, PDF and the like are left out: Pillow would start another program to draw them.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "PPM", "JPEG2000", "ICO")

_PNG, _JPEG, _JPEG_END = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd9"
_REMARKS = frozenset((b"tEXt", b"zTXt", b"iTXt", b"iCCP"))
_DEPTHS = (8, 10, 12, 14, 16, 24, 32)
"""Bits in which cameras and scanners count grey."""

# `warnings.catch_warnings` swaps the process's filters; two threads at once would restore the wrong ones.
_warnings_lock = threading.Lock()


def open_image(source: Path | bytes) -> Image.Image:
    """The picture in mode RGB: turned upright as its EXIF says, first frame, transparency on white.

    Raises:
        InputError: there is no such file, it is no picture, it is broken or cut off, or has over `MAX_PIXELS` pixels.
    """
    name = f"The picture {source.name}" if isinstance(source, Path) else "The picture"
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            data = source.read_bytes() if isinstance(source, Path) else source
            if not data:
                raise InputError(f"{name} is empty (0 bytes); replace the file.")
            return _decode(data, name)
        except InputError:
            raise
        except FileNotFoundError as error:
            raise InputError(f"{name} does not exist.") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_large(name) from error
        except UnidentifiedImageError as error:
            raise InputError(f"{name} is not a picture in a known format; use JPEG, PNG, WebP or GIF.") from error
        except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes.
            raise InputError(f"{name} is broken and cannot be read ({_reason(error)}); replace the file.") from error


def image_digest(path: Path) -> str:
    """The sha256 of the file's bytes, in hexadecimal; a file that has not changed is read once in a process.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        state = path.stat()
        return _digest_of(path, state.st_ino, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise InputError(f"The picture {path.name} cannot be read ({_reason(error)}).") from error


def opens(path: Path | None) -> bool:
    """Whether there is a picture that `open_image` opens; a file that has not changed is tried once in a process."""
    if path is None:
        return False
    try:
        state = path.stat()
    except OSError:
        return False
    return _opens(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _digest_of(path: Path, *state: int) -> str:  # noqa: ARG001 (another state is another content)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=100_000)
def _opens(path: Path, *state: int) -> bool:  # noqa: ARG001 (another state is another content)
    try:
        open_image(path)
    except InputError:
        return False
    return True


def _decode(data: bytes, name: str) -> Image.Image:
    data = _without_remarks(data)
    try:
        return _pixels(data, name)
    except OSError:
        data = data.removesuffix(_JPEG_END[:1])  # half a marker
        if _lacks_only_its_end(data):
            return _pixels(data + _JPEG_END, name)
        raise


def _pixels(data: bytes, name: str) -> Image.Image:
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(name)
        image.load()
        return _as_rgb(_upright(image))


def _without_remarks(data: bytes) -> bytes:
    """A PNG without its texts and colour profile: Pillow refuses long ones, and nobody here looks at any of them."""
    if not data.startswith(_PNG):
        return data
    kept, place = [_PNG], len(_PNG)
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] not in _REMARKS:
            kept.append(data[place : place + 12 + length])
        place += 12 + length
    return b"".join(kept)


def _lacks_only_its_end(data: bytes) -> bool:
    """Whether a JPEG lacks nothing but the marker at its end.

    Where the pixels are all there, whatever stands in front of the end marker changes none of them.
    """
    if not data.startswith(_JPEG):
        return False
    with (
        Image.open(BytesIO(data + _JPEG_END), formats=_FORMATS) as one,
        Image.open(BytesIO(data + b"\x55" * 64 + _JPEG_END), formats=_FORMATS) as other,
    ):
        return one.tobytes() == other.tobytes()


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  Broken EXIF says nothing about orientation; the pixels are good.
        return image


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        image = _in_eight_bits(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    page = Image.new("RGBA", layer.size, "white")
    page.alpha_composite(layer)
    return page.convert("RGB")


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Grey values of 16 or 32 bits, or fractions, as a viewer shows them: `convert` would clip them to black or white.

    Fractions in 0..1 are shares of white. Whole numbers fill the bits of which the largest one needs: 12 bits that are
    kept in 16 are 12 bits. Values below zero have no black of their own: the least is black, the largest white.
    """
    values = np.asarray(image if image.mode == "F" else image.convert("I"), dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    if not math.isfinite(low) or not math.isfinite(high):
        raise ValueError("it holds values that are no numbers")
    if low < 0:
        shown = (values - low) * (255 / max(high - low, 1e-12))
    elif image.mode == "F" and high <= 1:
        shown = values * 255
    else:
        bits = next((bits for bits in _DEPTHS if high < 1 << bits), _DEPTHS[-1])
        shown = values / (1 << (bits - 8))
    return Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8))


def _too_large(name: str) -> InputError:
    return InputError(f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller.")


def _reason(error: Exception) -> str:
    # Pillow's own words may span lines or name a server's path; an OSError's strerror does not.
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())[:120].rstrip(".")
