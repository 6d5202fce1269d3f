"""What an operator of Haven may set, read once from the environment (HAVEN_*), with safe defaults."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Haven's settings. Times are in seconds unless a name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="HAVEN_", extra="ignore", frozen=True)

    home: Path = Path("var")
    """Directory for everything Haven writes locally: the SQLite file, the session key, logs, the journal."""
    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite at <home>/haven.db."""
    aws_endpoint_url: str | None = None
    """Where AWS's APIs answer; None is AWS itself. The only difference between the sandbox and AWS."""
    aws_region: str = "us-east-1"
    secret_key: SecretStr | None = None
    """Signs the browser's cookie; None means one generated once into <home>/secret-key (mode 600)."""
    cookie_secure: bool = True
    """Send cookies over TLS only. `make run` turns it off for plain http on loopback."""
    trusted_proxies: int = Field(default=0, ge=0, le=5)

    session_idle: int = Field(default=30 * 60, ge=60)
    session_absolute: int = Field(default=12 * 3600, ge=300)
    lockout_after: int = Field(default=5, ge=2)
    lockout_for: int = Field(default=15 * 60, ge=10)

    tick: float = Field(default=15.0, ge=0.2)
    """Between two snapshots of an environment."""
    tick_busy: float = Field(default=2.0, ge=0.2)
    """Between two snapshots while an operation runs."""
    metrics_every: float = Field(default=60.0, ge=1)
    """Between two GetMetricData reads: CloudWatch's own resolution, and each read is billed."""
    lease: float = Field(default=10.0, ge=1)
    """How long a worker holds its lease without renewing; another takes over after it."""
    stale_after: float = Field(default=60.0, ge=1)
    """A fact older than this is shown as stale."""
    keep_snapshots_days: int = Field(default=400, ge=1)
    keep_plans_days: int = Field(default=30, ge=1)
    """A plan that nobody asked for within so many days is discarded, and its change sets are deleted."""
    events_every: float = Field(default=60.0, ge=1)
    """Between two polls of RDS's and ElastiCache's events; every busy tick while an operation runs."""
    approval_for: int = Field(default=60 * 60, ge=60)
    """How long an operation waits for the second person."""
    begin_within: int = Field(default=30 * 60, ge=60)
    """How long an operation may wait, for a pause or a worker, before it expires instead of beginning late."""
    drift_every: int = Field(default=24 * 60 * 60, ge=3600)
    """Between two looks for drift that nobody asked for."""
    failover_apart: int = Field(default=30 * 60, ge=0)
    """No second failover of a target within this time: RDS accepts a repeat and silently abandons it."""
    journal_bucket: str = ""
    """S3 bucket that also gets the intent of every irreversible call; empty means only <home>/journal."""
    probe_secret_arn: str = ""
    """Secrets Manager secret with `username` and `password` of a database user that may only connect; empty means the
    endpoint is probed by TCP alone."""
    rds_ca_file: Path | None = None
    """Certificate authority of RDS, for probing with full verification; None encrypts without verifying."""
    aws_connect_timeout: float = 2.0
    aws_read_timeout: float = 10.0
    aws_threads: int = Field(default=8, ge=1, le=64)

    @property
    def resolved_database_url(self) -> str:
        """The database URL, with the default filled in."""
        return self.database_url or f"sqlite:///{(self.home / 'haven.db').absolute()}"
