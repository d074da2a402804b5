//! System settings and switches of an instance that recordings and tests turn.

/// What an administrator, or a test, can set.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a server, each on its own")]
pub struct Settings {
    /// What the server takes for now, `yyyy-MM-dd'T'HH:mm:ss`, in its own zone (UTC).
    pub now: String,
    /// `systemId` of `system/info`: a cloned database keeps it.
    pub system_id: String,
    /// `keyCalendar`, by which periods are named: `iso8601`, `ethiopian`, `nepali` … Identifiers are taken as they are;
    /// what asks for dates (expiry, future periods) reckons with the ISO calendar all the same.
    pub calendar: String,
    /// When the analytics tables were last built, as `now`.
    pub analytics_built_at: String,
    /// Whether analytics tables exist; without them queries are refused with E7144.
    pub analytics_built: bool,
    /// `keyIncludeZeroValuesInAnalytics`.
    pub include_zeros: bool,
    /// `keyAnalyticsMaxLimit`.
    pub analytics_max_limit: usize,
    /// 2.43: whether `dataOutputPeriodTypes` is set; without it analytics answers with no rows.
    pub output_period_types: bool,
    /// 2.43: `dataEntryAutoGroup`.
    pub auto_group: bool,
    /// A fault to be triggered once: the next import that writes a period for the first time loses a race for it
    /// against another client. Up to 2.42 its rows of that period are refused with E7611; 2.43 stores nothing and
    /// answers SUCCESS with `ignored` (recording `import/race-new-period-loser`). Resets itself when it has struck.
    pub next_new_period_loses: bool,
    /// What `system/info` says instead of the profile's own version: another patch, or one that nobody knows.
    pub version: Option<String>,
    /// A fault of 2.44: `gist=false` does not arrive, as with a proxy that takes it away.
    pub ignores_gist_switch: bool,
    /// A fault of the next metadata list: so many objects before its page were deleted since the page before was read
    /// (below 0: made). Resets itself.
    pub next_page_shift: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            now: "2026-11-22T22:20:00".into(),
            system_id: "5a1b0c5e-0000-4000-8000-00000000d152".into(),
            calendar: "iso8601".into(),
            analytics_built_at: "2026-11-22T21:59:00.110".into(),
            analytics_built: true,
            include_zeros: false,
            analytics_max_limit: 100_000,
            output_period_types: true,
            auto_group: false,
            next_new_period_loses: false,
            version: None,
            ignores_gist_switch: false,
            next_page_shift: 0,
        }
    }
}
