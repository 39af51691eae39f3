"""One file with a part of a recording, to be opened on another machine. Must not know who asks for it.

It is an archive with the files of a project's folder in it: samples and events. The digests of people are
made with a key of its own, which is not kept, so that two exports do not join.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tui import privatefile
from tui.clock import Moment
from tui.fleet.past import deployment_key
from tui.fleet.state import Fleet
from tui.fleet.transitions import in_order
from tui.history.files.event_file import NAME
from tui.history.files.folder_store import FolderReader, FolderWriter
from tui.history.files.sample_files import SUFFIX
from tui.history.records import Run, Sample, Unusable
from tui.history.store import Batch, Reader, Taken
from tui.record_options import RecordOptions

SUFFIX_OF_EXPORTS: Final = ".lktop"
MOST_BYTES: Final = 2 << 30
"""Bytes that an archive may hold unpacked."""
AT_ONCE: Final = 50
"""Samples written at once."""
MOST_EVENTS: Final = 100_000
_FOLDER: Final = "export"


def write(reader: Reader, since: float, until: float, path: Path, options: RecordOptions) -> int:
    """Write what was known from one time to another, Unix seconds, into a new file; returns the samples.

    Nothing is in it that `options` does not keep. Raises `Unusable` where nothing was recorded then,
    `OSError` and `sqlite3.Error`.
    """
    with TemporaryDirectory(prefix="lktop-export-") as scratch:
        where = Path(scratch) / _FOLDER
        privatefile.private_folder(where)
        count, ids = 0, set[str]()
        for name, samples in groupby(_samples(reader, since, until), key=lambda sample: sample.stamp.run):
            count += _write_run(Path(scratch), name, samples, options, ids)
        if not count:
            raise Unusable("nothing was recorded in that time")
        _write_events(Path(scratch), reader, since, until, options, ids)
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in (where / NAME, *sorted(where.glob(f"*{SUFFIX}"))):
                archive.write(file, file.name)
        privatefile.save(path, packed.getvalue(), is_named=True)
    return count


def _samples(reader: Reader, since: float, until: float) -> Iterator[Sample]:
    """What was known at the beginning, and every sample up to the end."""
    sample = reader.samples.seek(since)
    while sample is not None and sample.stamp.at <= until:
        yield sample
        sample = reader.samples.after(sample.stamp.seq)


def _write_run(
    root: Path, name: str, samples: Iterator[Sample], options: RecordOptions, ids: set[str]
) -> int:
    """Write the samples of one run; returns how many. Their agents and deployments are added to `ids`."""
    first = next(samples)
    writer = FolderWriter(root, _FOLDER, options, Run(name, first.stamp.unix, first.stamp.mono, "", ""))
    taken = (
        Taken(item.fleet, Moment(item.stamp.unix, item.stamp.mono), item.stamp.skew)
        for item in (first, *samples)
    )
    count = 0
    while chunk := list(islice(taken, AT_ONCE)):
        writer.write(Batch(samples=chunk))
        count += len(chunk)
        for item in chunk:
            ids.update(_ids(item.fleet))
    writer.close()
    return count


def _ids(fleet: Fleet) -> Iterator[str]:
    """What has a status: agents, and the deployments of those that have several."""
    for agent in fleet.agents:
        yield agent.agent_id
        if len(rows := agent.agent_deployments) > 1:
            yield from (deployment_key(agent.agent_id, row.region, row.deployment) for row in rows)


def _write_events(
    root: Path, reader: Reader, since: float, until: float, options: RecordOptions, ids: set[str]
) -> None:
    """Write what happened in that time, and since when what was then had its status."""
    while (before := reader.newest_transitions(ids, since)) is None:
        pass  # it reads on, a part at a time
    found = ((*before[id], *reader.transitions(id, since, until)) for id in sorted(ids))
    batch = Batch(
        events=reader.events(since, until, MOST_EVENTS),
        failed_jobs=[job for job in reader.failed_jobs(since) if job.at <= until],
        transitions=in_order(item for items in found for item in items),
        job_counts=[item for item in reader.job_counts(since) if item.minute * 60 <= until],
    )
    writer = FolderWriter(root, _FOLDER, options, Run(_FOLDER, until, 0.0, "", ""))
    writer.write(batch)
    writer.close()


class ExportReader(FolderReader):
    """`Reader` of an export, which is unpacked for as long as it is open."""

    def __init__(self, path: Path) -> None:
        """Raises `Unusable`, `OSError` and `sqlite3.Error`."""
        self._scratch = TemporaryDirectory(prefix="lktop-replay-")
        try:
            _unpack(path, Path(self._scratch.name))
            super().__init__(Path(self._scratch.name))
        except BaseException:
            self._scratch.cleanup()
            raise

    def close(self) -> None:
        """Close it, and remove what was unpacked."""
        super().close()
        with suppress(OSError):
            self._scratch.cleanup()


def _unpack(path: Path, folder: Path) -> None:
    """Only files with the names of a recording, and no more than `MOST_BYTES`."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if _is_member(item.filename)]
            if not members or sum(item.file_size for item in members) > MOST_BYTES:
                raise Unusable(f"{path}: not a recording of lktop")
            for item in members:
                with (
                    archive.open(item) as packed,
                    open(privatefile.create(folder / item.filename), "wb") as file,
                ):
                    left = MOST_BYTES
                    while left > 0 and (data := packed.read(min(left, 1 << 20))):
                        file.write(data)
                        left -= len(data)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise Unusable(f"{path}: not a recording of lktop, or a damaged one: {error}") from error


def _is_member(name: str) -> bool:
    return name == NAME or (name.endswith(SUFFIX) and name.replace("-", "").replace(".", "").isalnum())
