"""The parts of a batch that come from pictures, as tensors."""

import zlib
from collections.abc import Sequence

import numpy as np
import torch

from mner_core.batches.feature_providers import NeighbourProvider, PhraseProvider
from mner_core.batches.tensors import NUM_CLASSES, Attributes, Grid, Neighbours, Objects
from mner_core.features.image import REGIONS, ImageFeatures
from mner_core.retrieval.pool import Neighbour


def class_row(label: str) -> int:
    """The row of the class table for an object's class name.

    Names are hashed, since they are an open set (80 of COCO, 1,600 of Visual Genome, those of a data set's own boxes):
    one rule for all of them, the same in every process, and no list beside the weights. COCO's names have a row each;
    a name that training never saw gets one that says nothing, as it should.
    """
    return zlib.crc32(label.strip().casefold().encode()) % NUM_CLASSES


def grid_part(pictures: Sequence[ImageFeatures]) -> Grid:
    """The posts' own pictures as regions; zeros where one does not open."""
    regions = np.stack([picture.grid for picture in pictures]).astype(np.float32)
    return Grid(torch.tensor([picture.image_ok for picture in pictures]), torch.from_numpy(regions))


def object_part(pictures: Sequence[ImageFeatures]) -> Objects:
    """What was detected in the posts' own pictures, padded to the most objects of one."""
    num_objects = max(1, *(len(picture.objects) for picture in pictures))
    width = pictures[0].object_vectors.shape[1]
    real = torch.zeros(len(pictures), num_objects, dtype=torch.bool)
    vectors = torch.zeros(len(pictures), num_objects, width)
    boxes = torch.zeros(len(pictures), num_objects, 4)
    classes = torch.zeros(len(pictures), num_objects, dtype=torch.long)
    for row, picture in enumerate(pictures):
        count = len(picture.objects)
        if count:
            real[row, :count] = True
            vectors[row, :count] = torch.from_numpy(picture.object_vectors.astype(np.float32))
            boxes[row, :count] = torch.tensor([seen.box for seen in picture.objects])
            classes[row, :count] = torch.tensor([class_row(seen.label) for seen in picture.objects])
    aspect = torch.tensor([picture.aspect for picture in pictures])
    return Objects(real, vectors, boxes, classes, aspect)


def attribute_part(phrases: PhraseProvider, pictures: Sequence[ImageFeatures]) -> Attributes:
    """The names of the pictures' likeliest classes as vectors."""
    most = max(1, *(len(picture.attributes) for picture in pictures))
    real = torch.zeros(len(pictures), most, dtype=torch.bool)
    vectors = np.zeros((len(pictures), most, phrases.width), np.float32)
    for row, picture in enumerate(pictures):
        count = len(picture.attributes)
        real[row, :count] = True
        vectors[row, :count] = phrases.vectors([name for name, _ in picture.attributes])
    return Attributes(real, torch.from_numpy(vectors))


def neighbour_part(
    source: NeighbourProvider, of_posts: Sequence[Sequence[Neighbour]], pictures: Sequence[ImageFeatures]
) -> Neighbours:
    """The neighbours of each post with their pictures' regions, padded to the most neighbours of one."""
    most = max(1, *(len(of_post) for of_post in of_posts))
    real = torch.zeros(len(of_posts), most, dtype=torch.bool)
    cosine = torch.zeros(len(of_posts), most)
    regions = np.zeros((len(of_posts), most, REGIONS, pictures[0].grid.shape[1]), np.float32)
    for row, of_post in enumerate(of_posts):
        for place, neighbour in enumerate(of_post):
            real[row, place], cosine[row, place] = True, neighbour.score
            regions[row, place] = source.grid(neighbour)
    return Neighbours(real, cosine, torch.from_numpy(regions), tuple(tuple(of_post) for of_post in of_posts))
