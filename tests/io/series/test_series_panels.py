"""Tables whose rows are of several senders: hosts, rooms, machines."""

from itertools import product
from pathlib import Path

import pytest

from motifmine.errors import DataError, FormatError
from tests.helpers.series_files import read_all
from tests.io.series.test_series_long import Updates, read_log

MINUTES, MINUTE_S = 120, 60  # more rows of one sender than are read to recognise columns
HOSTS = ("north", "south", "west")


def load_of(minute: int, host: int) -> float:
    return 10 * host + minute % 7 + 0.5


def write_panel(
    order: str, lag_s: float, senders: tuple[str, ...] = HOSTS, name: str = "host"
) -> str:
    """Return two hours of two values of every sender, by minutes or by senders."""
    cells = [(minute, host) for minute, host in product(range(MINUTES), range(len(senders)))]
    if order == "senders":
        cells.sort(key=lambda cell: cell[::-1])
    rows = [
        f"{MINUTE_S * minute + host * lag_s},{senders[host]},{load_of(minute, host)},{minute}.25\n"
        for minute, host in cells
    ]
    return f"time,{name},load,memory\n" + "".join(rows)


def expect(lag_s: float, senders: tuple[str, ...] = HOSTS) -> Updates:
    return [
        (minute * MINUTE_S + host * lag_s, f"{sender} {column}", value)
        for minute in range(MINUTES)
        for host, sender in enumerate(senders)
        for column, value in (("load", load_of(minute, host)), ("memory", minute + 0.25))
    ]


@pytest.mark.parametrize("lag_s", [0.0, 7.5])
def test_values_of_several_hosts_are_channels_of_their_own(tmp_path: Path, lag_s: float) -> None:
    assert read_log(tmp_path, write_panel("minutes", lag_s)) == expect(lag_s)


def test_senders_are_distinguished_by_numbers_where_the_name_says_so(tmp_path: Path) -> None:
    numbers = ("1", "2", "3")
    text = write_panel("minutes", 7.5, numbers, "machineID")
    assert read_log(tmp_path, text) == expect(7.5, numbers)


def test_any_text_distinguishes_rows_of_one_time(tmp_path: Path) -> None:
    text = write_panel("minutes", 0.0, name="which")
    assert read_log(tmp_path, text) == expect(0.0)


def test_states_of_senders_are_channels_next_to_their_numbers(tmp_path: Path) -> None:
    rows = [f"{10 * i},{'ab'[i % 2]},{i}.5,{'on' if i % 4 < 2 else 'off'}\n" for i in range(12)]
    found = read_log(tmp_path, "time,pump,flow,state\n" + "".join(rows))
    assert [row for row in found if row[0] == 0] == [
        (0, "a flow", 0.5),
        (0, "a state=on", 1),
        (0, "a state=off", 0),
    ]
    assert {name for _, name, _ in found} == {
        f"{pump} {what}" for pump in "ab" for what in ("flow", "state=on", "state=off")
    }


def test_a_place_that_lasts_is_a_state_and_not_a_sender(tmp_path: Path) -> None:
    path = tmp_path / "watch.csv"
    rows = [f"{10 * i},{('kitchen', 'garden')[i // 8 % 2]},{60 + i % 5}.5\n" for i in range(64)]
    path.write_text("time,room,pulse\n" + "".join(rows))
    assert read_all(path).header.channels == ("pulse", "room=kitchen", "room=garden")


def test_stations_with_times_in_parts(tmp_path: Path) -> None:
    rows = [
        f"2026,3,1,{hour},{place},{code},{10 * code + hour}.5,{'NS'[hour // 6 % 2]}\n"
        for hour in range(20)
        for code, place in enumerate(HOSTS)
    ]
    found = read_log(tmp_path, "year,month,day,hour,station,station_id,no2,wind\n" + "".join(rows))
    # the number of a station says no more than its name
    assert {name for _, name, _ in found} == {
        f"{place} {what}" for place in HOSTS for what in ("no2", "wind=N", "wind=S")
    }
    assert (3 * 3600, "west no2", 23.5) in found


def test_hosts_one_after_the_other_are_refused_with_the_way_out(tmp_path: Path) -> None:
    text = write_panel("senders", 0.0)
    with pytest.raises(FormatError, match=r"runs back 7140 s; .*--long TIME,DEVICE"):
        read_log(tmp_path, text)
    # two hosts of three must not be lost as bad rows
    with pytest.raises(FormatError, match="most rows are not in order of time"):
        read_log(tmp_path, text, on_bad="skip")
    long = ("time", "host", "load+memory")
    assert sorted(read_log(tmp_path, text, long=long)) == sorted(expect(0.0))


def test_sensors_of_one_name_in_several_rooms_are_several(tmp_path: Path) -> None:
    rows = [f"{20 * i},temperature,{HOSTS[i % 3]},{i}.5\n" for i in range(12)]
    found = read_log(tmp_path, "time,sensor,room,value\n" + "".join(rows))
    assert {name for _, name, _ in found} == {f"temperature {room}" for room in HOSTS}


def test_a_column_that_may_distinguish_sensors_is_asked_about(tmp_path: Path) -> None:
    rows = [f"{20 * i},temperature,{HOSTS[i % 3]},{i}.5\n" for i in range(12)]
    with pytest.raises(
        DataError, match=r"column 'side' may distinguish .* --long time,sensor\+side,value"
    ):
        read_log(tmp_path, "time,sensor,side,value\n" + "".join(rows))
    # remarks change from row to row of one sensor
    found = read_log(tmp_path, "time,sensor,quality,value\n" + "".join(rows))
    assert {name for _, name, _ in found} == {"temperature"}


def test_two_texts_at_irregular_times_are_asked_about(tmp_path: Path) -> None:
    times = [3 * i + (i % 5) ** 2 for i in range(30)]
    rows = [
        f"{t},{'ab'[i % 2]},{('open', 'save', 'go')[i % 3]}\n" for i, t in enumerate(sorted(times))
    ]
    with pytest.raises(DataError, match=r"--kind labels --columns action .*--kind channels"):
        read_log(tmp_path, "time,user,action\n" + "".join(rows))
