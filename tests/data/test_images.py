import hashlib
import math
import struct
import threading
import warnings
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mner_core.data.fingerprint import pictures_fingerprint, pictures_found
from mner_core.data.images import MAX_PIXELS, image_digest, open_image
from mner_core.types import Example, InputError


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def half_red() -> Image.Image:
    """4 x 2: the left half red, the right half blue."""
    image = Image.new("RGB", (4, 2), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 2, 2))
    return image


def close_to(pixel: object, wanted: tuple[int, int, int], by: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= by for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "JPEG", "PPM"])
def test_formats_come_out_as_rgb(kind: str) -> None:
    image = open_image(encoded(half_red().resize((64, 32), Image.Resampling.NEAREST), kind))
    assert (image.mode, image.size) == ("RGB", (64, 32))
    assert close_to(image.getpixel((8, 16)), (255, 0, 0), 20)
    assert close_to(image.getpixel((56, 16)), (0, 0, 255), 20)


def test_content_and_not_the_ending_decides(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(encoded(half_red(), "PNG"))
    assert open_image(tmp_path / "photo.jpg").getpixel((0, 0)) == (255, 0, 0)


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    image = open_image(encoded(half_red().resize((64, 32), Image.Resampling.NEAREST), "JPEG", exif=exif))
    assert image.size == (32, 64)
    assert close_to(image.getpixel((16, 8)), (255, 0, 0), 20)


def test_broken_exif_does_not_cost_the_picture() -> None:
    data = encoded(half_red(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\x03" * 3)
    assert open_image(data).size == (4, 2)


def test_transparency_is_flattened_on_white() -> None:
    clear = Image.new("RGBA", (3, 3), (255, 0, 0, 0))
    assert open_image(encoded(clear, "PNG")).getpixel((1, 1)) == (255, 255, 255)
    grey = Image.new("LA", (3, 3), (0, 0))
    assert open_image(encoded(grey, "PNG")).getpixel((1, 1)) == (255, 255, 255)
    palette = Image.new("P", (3, 3), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    assert open_image(encoded(palette, "PNG", transparency=b"\x00\xff")).getpixel((1, 1)) == (255, 255, 255)


def test_cmyk_is_converted() -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    image = open_image(encoded(cyan, "JPEG"))
    assert image.mode == "RGB"
    assert close_to(image.getpixel((8, 8)), (0, 255, 255))


def test_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "PNG", "WEBP"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert close_to(open_image(data).getpixel((2, 2)), (255, 0, 0)), kind


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    image = Image.new("I;16", (4, 4), 128 * 256)
    assert open_image(encoded(image, "PNG")).getpixel((1, 1)) == (128, 128, 128)


def test_one_pixel_is_a_picture() -> None:
    assert open_image(encoded(Image.new("1", (1, 1), 1), "PNG")).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "0 bytes"),
        (b"<svg></svg>", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (encoded(half_red().resize((256, 256)), "JPEG")[:700], "broken"),
        (encoded(half_red().resize((256, 256)), "PNG")[:80], "broken"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "picture"),
        (png_header(8_001, 8_000), "64 million pixels"),
        (png_header(10_000, 10_000), "64 million pixels"),
        (png_header(60_000, 60_000), "64 million pixels"),
    ],
)
def test_bad_pictures_get_one_sentence(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "x.jpg").write_bytes(data)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with pytest.raises(InputError, match=says) as caught:
            open_image(tmp_path / "x.jpg")
    assert not seen
    message = str(caught.value)
    assert message.startswith("The picture x.jpg ")
    assert message.endswith(".")
    assert "\n" not in message
    assert str(tmp_path) not in message


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.png does not exist"):
        open_image(tmp_path / "gone.png")
    with pytest.raises(InputError, match="cannot be read"):
        open_image(tmp_path)


def test_the_process_is_left_as_it_was() -> None:
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)

    def look() -> None:
        for data in (png_header(60_000, 60_000), encoded(half_red(), "PNG")) * 20:
            with suppress(InputError):
                open_image(data)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert limit == Image.MAX_IMAGE_PIXELS
    assert list(warnings.filters) == filters
    assert (limit or 0) > MAX_PIXELS


def test_image_digest(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert image_digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(InputError, match="gone cannot be read"):
        image_digest(tmp_path / "gone")


def png_with(chunk: bytes, content: bytes) -> bytes:
    """A PNG of 8 x 6 pixels with one more chunk in front of its pixels."""
    plain = BytesIO()
    GRADIENT.save(plain, "PNG")
    data = plain.getvalue()
    at = data.index(b"IDAT") - 4
    more = len(content).to_bytes(4, "big") + chunk + content + zlib.crc32(chunk + content).to_bytes(4, "big")
    return data[:at] + more + data[at:]


GRADIENT = Image.fromarray(np.arange(8 * 6 * 3, dtype=np.uint8).reshape(6, 8, 3))
LONG = zlib.compress(b"a" * (2 << 20))


@pytest.mark.parametrize(
    ("chunk", "content"),
    [
        (b"zTXt", b"Comment\0\0" + LONG),
        (b"iTXt", b"Comment\0\1\0\0\0" + LONG),
        (b"iCCP", b"profile\0\0" + LONG),
        (b"tEXt", b"Comment\0" + b"a" * (2 << 20)),
    ],
)
def test_long_remarks_do_not_cost_the_picture(chunk: bytes, content: bytes) -> None:
    assert np.array_equal(np.asarray(open_image(png_with(chunk, content))), np.asarray(GRADIENT))


def photo(**options: Any) -> bytes:
    noise = np.random.default_rng(3).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    saved = BytesIO()
    Image.fromarray(noise).save(saved, "JPEG", **options)
    return saved.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 20, "subsampling": 0}])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_missing_end_marker_does_not_cost_the_picture(options: dict[str, Any], missing: int) -> None:
    whole = photo(**options)
    assert np.array_equal(np.asarray(open_image(whole[:-missing])), np.asarray(open_image(whole)))


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
@pytest.mark.parametrize("missing", [0.5, 0.9])
def test_a_picture_that_is_cut_off_is_still_refused(options: dict[str, Any], missing: float) -> None:
    whole = photo(**options)
    with pytest.raises(InputError, match="is broken and cannot be read"):
        open_image(whole[: int(len(whole) * missing)])


def grey(values: Any, dtype: str, mode: str | None = None) -> bytes:
    saved = BytesIO()
    image = Image.fromarray(np.asarray(values, dtype=dtype))
    (image.convert(mode) if mode else image).save(saved, "TIFF")
    return saved.getvalue()


@pytest.mark.parametrize(
    ("values", "dtype", "shown"),
    [
        ([[0.0, 0.5, 1.0]], "float32", [0, 127, 255]),
        ([[0.0, 128.0, 255.0]], "float32", [0, 128, 255]),
        ([[-1.0, 0.0, 1.0]], "float32", [0, 127, 255]),
        ([[0, 32768, 65535]], "int32", [0, 128, 255]),
        ([[0, 128, 255]], "int32", [0, 128, 255]),
        ([[0, 2048, 4095]], "uint16", [0, 128, 255]),
        ([[0, 512, 1023]], "uint16", [0, 128, 255]),
        ([[0, 32768, 65535]], "uint16", [0, 128, 255]),
    ],
)
def test_grey_values_are_shown_as_a_viewer_shows_them(values: Any, dtype: str, shown: list[int]) -> None:
    assert np.asarray(open_image(grey(values, dtype)))[0, :, 0].tolist() == shown


@pytest.mark.parametrize("values", [[0.0, math.nan], [0.0, math.inf], [-math.inf, 1.0], [math.inf, math.inf]])
def test_values_that_are_no_numbers_are_refused(values: list[float]) -> None:
    with pytest.raises(InputError, match="values that are no numbers"):
        open_image(grey([values], "float32"))


def test_pictures_are_known_by_their_bytes_and_counted_where_they_open(tmp_path: Path) -> None:
    good, again, broken, empty = (tmp_path / name for name in ("a.png", "b.png", "broken.png", "empty.png"))
    Image.new("RGB", (4, 4), "red").save(good)
    again.write_bytes(good.read_bytes())
    broken.write_bytes(good.read_bytes()[:20])
    empty.touch()
    paths = [good, again, broken, empty, tmp_path / "missing.png", None]
    posts = [Example(id="p", text="", tokens=(), image=path, image_name="same name") for path in paths]
    assert pictures_found(posts) == 2
    prints = [pictures_fingerprint([post]) for post in posts]
    assert prints[0] == prints[1]
    assert prints[4] == prints[5]
    assert len(set(prints)) == 4
    assert pictures_fingerprint(posts[:3]) != pictures_fingerprint(posts[2::-1])
