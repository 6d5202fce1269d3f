"""The change of scaling as a procedure of the engine: its writes one by one, each seen in AWS before the next."""

from datetime import timedelta

from services.ports import Clock, CloudReader, ScalingCaller, ScalingReader, UnitOfWork


class ScalingProcedure:
    """`services.usecases.procedure.Procedure` for changes of scaling."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        snapshots: CloudReader,
        reader: ScalingReader,
        caller: ScalingCaller,
        *,
        stale_after: timedelta,
    ) -> None:
        self._unit, self._clock, self._snapshots = unit, clock, snapshots
        self._reader, self._caller, self._stale_after = reader, caller, stale_after
