"""The features of posts' pictures, each computed once and kept: what training, prediction and screens ask."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from mner_core.catalog.profiles import Profile
from mner_core.data.images import image_digest, open_image
from mner_core.features.extractor import extractor
from mner_core.features.image import ImageFeatures
from mner_core.features.shards import Shards
from mner_core.home import Home
from mner_core.text.noun_phrases import GENERAL, NounPhrases
from mner_core.types import Example, ImageObject, InputError


class FeatureStore:
    """One profile's features, cached below `home.features`.

    A picture goes by the sha256 of its bytes, by the objects that came with it (or what the post asks for, under a
    profile that looks for that), and by the extractors' versions: a file of the same name with another content, other
    boxes or a new extractor never get old numbers.
    """

    def __init__(self, profile: Profile, home: Home) -> None:
        self.extractor = extractor(profile)
        version = hashlib.sha256(self.extractor.version.encode()).hexdigest()[:12]
        self.shards = Shards(home.features / f"{profile.name}-{version}")
        self._digests: dict[tuple[Path, int, int], str] = {}
        self._broken: set[str] = set()
        self._phrases = NounPhrases(profile.phrases, home) if profile.asks else None

    def prepare(self, examples: Sequence[Example], progress: Callable[[int, int], None]) -> None:
        """Reads the phrases of all posts whose pictures will be asked for them, where a profile's are.

        Raises:
            InputError: the weights are missing.
        """
        if self._phrases:
            self._phrases.sweep([each.words for each in examples if each.image and each.objects is None], progress)

    def asked(self, example: Example) -> tuple[str, ...]:
        """What the post's picture is asked for: its noun phrases and the general words; nothing under most profiles."""
        if self._phrases is None or example.objects is not None:
            return ()
        said = [" ".join(example.words[start:end]) for start, end in self._phrases.of(example.words)]
        return tuple(dict.fromkeys([*said, *GENERAL]))

    def describe(self, example: Example, picture: Image.Image) -> ImageFeatures:
        """The features of the post's picture, computed now and not kept."""
        return self.extractor.describe(picture, example.objects, self.asked(example))

    def features(self, example: Example) -> ImageFeatures:
        """What is known of the post's picture; zeros with `image_ok` False where it has none that opens.

        The post's own caption and objects, where the data brought some, stand in the place of the extracted ones. A
        picture that no sweep has seen yet is read now and kept.

        Raises:
            InputError: a new picture's features cannot be written, or the weights are missing.
        """
        known = self._known(example)
        return known if example.caption is None else replace(known, caption=example.caption)

    def of_picture(self, digest: str) -> ImageFeatures | None:
        """The kept features of the picture with this sha256, whatever objects came with it; or None."""
        return self.shards.of_picture(digest)

    def key(self, example: Example) -> str:
        """Under which key the features of the post's picture are kept.

        Raises:
            InputError: the file is missing or cannot be read.
        """
        assert example.image is not None
        try:
            stat = example.image.stat()
        except OSError:
            return image_digest(example.image)  # says what is wrong
        state = (example.image, stat.st_size, stat.st_mtime_ns)
        if state not in self._digests:
            self._digests[state] = image_digest(example.image)
        return self._digests[state] + _fingerprint(example.objects) + _fingerprint_of(self.asked(example))

    def _known(self, example: Example) -> ImageFeatures:
        if example.image is None:
            return self.extractor.nothing()
        try:
            key = self.key(example)
        except InputError:
            return self.extractor.nothing()
        known = self.shards.find(key)
        if known is None and key not in self._broken:
            known = self._read_now(example, key)
        return known or self.extractor.nothing()

    def _read_now(self, example: Example, key: str) -> ImageFeatures | None:
        """What no sweep of this process has seen: another process's work, a new picture, or a broken one."""
        self.shards.refresh()
        if key not in self.shards:
            assert example.image is not None
            try:
                picture = open_image(example.image)
            except InputError:
                self._broken.add(key)
                return None
            self.shards.add({key: self.describe(example, picture)})
        return self.shards.find(key)


def _fingerprint(objects: Sequence[ImageObject] | None) -> str:
    """Empty where the detector is asked; else it tells one list of given objects from any other."""
    if objects is None:
        return ""
    record = json.dumps([(thing.label, thing.box, thing.score) for thing in objects])
    return "-" + hashlib.sha256(record.encode()).hexdigest()[:16]


def _fingerprint_of(asked: Sequence[str]) -> str:
    """Empty where nothing is asked for."""
    return "-" + hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16] if asked else ""
