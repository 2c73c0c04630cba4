"""Cameras that move: what is in the scene stays, what the camera does is taken out."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motifmine.features.video.camera import Camera, Level, reduce_half
from motifmine.features.video.extract import extract_documents
from motifmine.features.video.flow import FlowWords
from motifmine.features.video.light import is_light_change
from motifmine.features.video.mask import resize
from motifmine.features.video.pose import STILL, Pose, put_back
from motifmine.features.video.spec import FlowSpec
from motifmine.kernels.alignment import compare_structure, fit_similarity, sum_blocks
from motifmine.types import Floats, Pixels
from tests.helpers.clips import frames_of, write_clip
from tests.reference.alignment import fit_similarity_plainly, sum_blocks_plainly

HEIGHT, WIDTH = 144, 176
RATE = 12.5
MARGIN = 60


def to_pixels(values: NDArray[Any]) -> Pixels:
    """Values as pixels, those out of range at the nearest one."""
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)


def make_ground(seed: int = 3) -> Pixels:
    """A street from above: patches of many sizes, wider than the picture on all sides."""
    rng = np.random.default_rng(seed)
    size = (WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN)
    total = np.zeros(size[::-1])
    for side in (6, 12, 24):
        patches = rng.normal(0, 18, (size[1] // side + 1, size[0] // side + 1))
        total += cv2.resize(patches, size, interpolation=cv2.INTER_LINEAR)
    return to_pixels(total + 110)


def film(
    poses: Sequence[Pose], *, is_busy: bool = True, ground: Pixels | None = None
) -> list[Pixels]:
    """Pictures of a ground with a vehicle that passes every 3 s, from a camera with these poses."""
    ground = make_ground() if ground is None else ground
    texture = np.random.default_rng(0).integers(0, 255, (4, 8), dtype=np.uint8)
    vehicle = cv2.resize(texture, (32, 16), interpolation=cv2.INTER_LINEAR)
    rng = np.random.default_rng(1)
    pictures = []
    for index, pose in enumerate(poses):
        whole = ground.copy()
        x = MARGIN - 32 + round(index * 5.6) % (WIDTH + 64)
        if is_busy and x + 32 <= whole.shape[1]:
            whole[MARGIN + 60 : MARGIN + 76, x : x + 32] = vehicle
        matrix = pose.matrix(WIDTH, HEIGHT)
        # from points of the scene to points of the picture; the scene begins at the margin
        matrix[:, 2] -= matrix[:, :2] @ (MARGIN, MARGIN)
        picture = cv2.warpAffine(whole, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        noise = rng.normal(0, 1.5, picture.shape)
        pictures.append(np.clip(picture + noise, 0, 255).astype(np.uint8))
    return pictures


def words_of(pictures: Sequence[Pixels], stabilise: str = "auto") -> tuple[FlowWords, Floats]:
    """Words of pictures, and their total per cell and direction, array (W,)."""
    spec = FlowSpec(stabilise=stabilise)  # type: ignore[arg-type]
    words = FlowWords(spec, width=WIDTH, height=HEIGHT, mean_gap_s=Fraction(2, 25))
    total = np.zeros(words.grid.n_words)
    for row in words.rows(frames_of(pictures, RATE)):
        total[row.word] += row.count
    return words, total


def compare(one: Floats, other: Floats) -> float:
    """The cosine of two counts of words."""
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def sway(amplitude: float, hertz: float, n_frames: int = 100) -> list[Pose]:
    times = np.arange(n_frames) / RATE
    return [
        Pose(complex(amplitude * np.sin(a), 0.4 * amplitude * np.sin(0.7 * a)))
        for a in 2 * np.pi * hertz * times
    ]


def drift(distance: float, n_frames: int = 150) -> list[Pose]:
    return [Pose(complex(distance * i / n_frames, 0)) for i in range(n_frames)]


def wobble(degrees: float, growth: float, n_frames: int = 100) -> list[Pose]:
    waves = np.sin(2 * np.pi * 0.3 * np.arange(n_frames) / RATE)
    return [Pose(turn=complex(1 + growth * w, np.radians(degrees) * w)) for w in waves]


MOTIONS: dict[str, list[Pose]] = {
    "slow sway": sway(5, 0.1),
    "sway": sway(2, 0.5),
    "shake": sway(1.5, 2.0),
    "drift": drift(20),
    "rotation": wobble(1.5, 0),
    "zoom": wobble(0, 0.02),
}


@pytest.mark.parametrize("poses", MOTIONS.values(), ids=MOTIONS)
def test_motion_of_the_camera_alone_gives_hardly_a_word(poses: list[Pose]) -> None:
    pictures = film(poses, is_busy=False)
    _, raw = words_of(pictures, "off")
    words, stabilised = words_of(pictures)
    # slow motion of the camera is too slow to be counted, and must not become motion by jumps
    assert stabilised.sum() < max(0.03 * raw.sum(), 100)
    assert "px removed" in words.notes[0]


@pytest.mark.parametrize("poses", MOTIONS.values(), ids=MOTIONS)
def test_words_of_a_vehicle_stay_in_the_cells_of_the_scene(poses: list[Pose]) -> None:
    _, still = words_of(film([STILL] * len(poses)))
    _, moved = words_of(film(poses))
    assert compare(still, moved) > 0.9
    assert moved.sum() == pytest.approx(still.sum(), rel=0.15)


def test_a_camera_that_stands_still_gives_the_same_words_as_without_a_look_at_it() -> None:
    pictures = film([STILL] * 100)
    words, looked_at = words_of(pictures)
    _, plain = words_of(pictures, "off")
    assert np.array_equal(looked_at, plain)
    assert words.notes == ()


def test_a_large_thing_that_moves_is_no_motion_of_the_camera() -> None:
    lorry = make_ground(9)[:100, :140]
    pictures = []
    for index, picture in enumerate(film([STILL] * 60, is_busy=False)):
        left = max(0, 170 - 4 * index)
        picture[20:120, left : left + 140] = lorry[:, : WIDTH - left]
        pictures.append(picture)
    words, looked_at = words_of(pictures)
    _, plain = words_of(pictures, "off")
    assert words.camera.n_moved == 0
    assert compare(looked_at, plain) > 0.999


def test_a_picture_without_structure_says_nothing_about_the_camera() -> None:
    flat = [np.full((HEIGHT, WIDTH), 90, dtype=np.uint8)] * 40
    words, total = words_of([*film([STILL] * 20), *flat, *film([STILL] * 20)])
    assert not words.camera.is_away
    assert total.sum() > 0
    assert "50 % of the frames dark, in fog or without a signal" in words.notes


def test_a_scene_without_structure_is_not_dark() -> None:
    plain = [np.full((HEIGHT, WIDTH), 90, dtype=np.uint8)] * 40
    assert words_of(plain)[0].notes == ()


def test_a_document_ends_where_the_camera_turns_away_and_another_begins_when_it_is_back(
    tmp_path: Path,
) -> None:
    away = make_ground(11)
    pan = [Pose(complex(6.0 * i, 0)) for i in range(10)]
    pictures = [
        *film([STILL] * 75),
        *film(pan),
        *film([STILL] * 75, ground=away),
        *film([STILL] * 75),
    ]
    times = [Fraction(2 * index, 25) for index in range(len(pictures))]
    path = write_clip(tmp_path / "ptz.mp4", pictures, times_s=times)
    tables = list(extract_documents(path))
    assert len(tables) == 2
    first, second = (table.recordings[0] for table in tables)
    assert first.n_times * 0.25 == pytest.approx(6.2, abs=0.6)
    assert second.bin_start_s[0] == pytest.approx(12.8, abs=1.5)
    assert "camera turned away at 6" in first.notes and "% used" in first.notes
    still = words_of(film([STILL] * 75))[1]
    found = np.bincount(tables[1].word, tables[1].count, minlength=len(still))
    assert compare(still, found.astype(float)) > 0.8


@pytest.mark.parametrize("size", [(176, 144), (160, 128), (320, 240), (320, 256)])
def test_another_scene_is_never_taken_for_this_one(size: tuple[int, int]) -> None:
    here = film([STILL] * 25)
    there = film([STILL] * 60, ground=make_ground(11))
    camera = Camera(*size)
    poses = []
    for index, picture in enumerate([*here, *there]):
        half = resize(picture, (size[0] // 2, size[1] // 2))
        poses.append(camera.place(Fraction(index, 12), half, reduce_half(half)))
    assert None not in poses[:25]
    # of a camera that stands still every other frame is looked at
    assert sum(pose is not None for pose in poses[25:]) <= 1
    assert camera.is_away


@pytest.mark.parametrize(
    "pose",
    [Pose(3 - 2j), Pose(0.4 + 0.2j, complex(1.01, 0)), Pose(-1 + 1j, complex(1, 0.02)), Pose(14j)],
)
def test_a_pose_is_found_to_a_fraction_of_a_pixel(pose: Pose) -> None:
    camera = Camera(WIDTH, HEIGHT)
    found = STILL
    for index, picture in enumerate(film([STILL, STILL, pose, pose, pose], is_busy=False)):
        half = resize(picture, (WIDTH // 2, HEIGHT // 2))
        found = camera.place(Fraction(index, 12), half, reduce_half(half)) or STILL
    apart = Pose(found.shift - pose.shift, 1 + found.turn - pose.turn)
    assert apart.reach_px(WIDTH, HEIGHT) < 0.15


def test_a_picture_is_put_back_to_where_it_was() -> None:
    pose = Pose(4 + 3j, complex(1, 0.02))
    still, moved = film([STILL, pose], is_busy=False)
    middle = (slice(20, -20), slice(20, -20))
    error = np.abs(put_back(moved, pose)[middle].astype(int) - still[middle])
    assert error.mean() < 0.5 * np.abs(moved[middle].astype(int) - still[middle]).mean()
    assert error.mean() < 4


def test_kernels_agree_with_their_plain_twins() -> None:
    rng = np.random.default_rng(5)
    one = cv2.GaussianBlur(rng.normal(100, 60, (40, 56)), (0, 0), 2).astype(np.float32)
    other = (1.1 * np.roll(one, 1, axis=1) + 7).astype(np.float32)
    inside = np.ones_like(one)
    inside[:9] = 0
    sums = sum_blocks(one, other, inside, 8)
    np.testing.assert_allclose(
        sums, sum_blocks_plainly(one, other, inside, 8), rtol=2e-3, atol=2e-2
    )
    centre = np.array([27.5, 19.5])
    found = fit_similarity(sums, 7, 8, centre, 1.0)
    np.testing.assert_allclose(found, fit_similarity_plainly(sums, 7, 8, centre, 1.0), atol=1e-6)
    assert found[0] == pytest.approx(1, abs=0.3)
    seen, same = compare_structure(sums, 7, 1.0, 0.5)
    has = (sums[:, 6] >= 1) & (sums[:, 7] >= 1)
    assert seen[0] == has.sum()
    assert same[0] == (has & (sums[:, 8] > 0.5)).sum()


def draw_light(kind: str, picture: Pixels, index: int) -> Pixels:
    """A picture in another light from the 30th on, or only then."""
    if index < 30 or (kind == "lightning" and index > 30):
        return picture
    if kind == "infra-red":
        return np.asarray(255 - picture, dtype=np.uint8)
    gain = {"lamp": 1.5, "exposure": 0.6, "lightning": 3.0}[kind]
    return to_pixels(picture * gain)


@pytest.mark.parametrize(
    ("kind", "n_left_out"), [("lamp", 1), ("exposure", 1), ("infra-red", 1), ("lightning", 2)]
)
def test_sudden_light_is_excluded_and_counted(kind: str, n_left_out: int) -> None:
    still = film([STILL] * 75)
    pictures = [draw_light(kind, picture, index) for index, picture in enumerate(still)]
    words, total = words_of(pictures)
    _, plain = words_of(still)
    assert words.n_light == n_left_out
    assert f"{n_left_out} sudden change" in words.notes[0]
    assert total.sum() == pytest.approx(plain.sum(), rel=0.25)
    assert compare(total, plain) > 0.95


def test_a_white_lorry_that_fills_the_picture_is_no_light() -> None:
    pictures = film([STILL] * 40, is_busy=False)
    lorry = np.clip(make_ground(9) + 90, 0, 255).astype(np.uint8)
    for index, picture in enumerate(pictures[5:]):
        width = min(WIDTH, 40 * index)
        picture[:, WIDTH - width :] = lorry[:HEIGHT, : width or None][:, :width]
    assert words_of(pictures)[0].n_light == 0


def test_light_that_changes_only_outside_the_region_of_interest_is_none() -> None:
    before = reduce_half(film([STILL], is_busy=False)[0][::2, ::2])
    after = before.copy()
    after[:, : before.shape[1] * 3 // 4] += 40
    everywhere = np.ones((HEIGHT, WIDTH), dtype=np.uint8)
    right = everywhere.copy()
    right[:, : WIDTH * 3 // 4] = 0
    assert is_light_change(before, after, everywhere, 6)
    assert not is_light_change(before, after, right, 6)


def test_a_camera_has_moved_only_where_all_sides_say_so() -> None:
    ground = make_ground()[:HEIGHT, :WIDTH]
    flat = np.full((HEIGHT, WIDTH), 128, dtype=np.uint8)
    stripes = np.repeat((100 + 40 * (np.arange(HEIGHT) // 6 % 2))[:, None], WIDTH, axis=1)
    pushed = Pose(1.5 + 0j)
    level = Level(1.0, ground.astype(np.float32))
    everywhere = put_back(ground, Pose(-pushed.shift))
    assert level.has_moved(everywhere, STILL, pushed)
    # sky in one quarter says nothing, a hand in one does
    for behind, is_moved in ((flat, True), (ground, False)):
        picture, reference = everywhere.copy(), ground.copy()
        quarter = (slice(0, HEIGHT // 2), slice(WIDTH // 2, WIDTH))
        picture[quarter] = behind[quarter]
        reference[quarter] = behind[quarter]
        assert (
            Level(1.0, reference.astype(np.float32)).has_moved(picture, STILL, pushed) == is_moved
        )
    # structure on one side, and stripes that look the same after the motion
    for behind in (flat, to_pixels(stripes)):
        picture, reference = everywhere.copy(), ground.copy()
        picture[:, WIDTH // 2 :] = behind[:, WIDTH // 2 :]
        reference[:, WIDTH // 2 :] = behind[:, WIDTH // 2 :]
        assert not Level(1.0, reference.astype(np.float32)).has_moved(picture, STILL, pushed)
