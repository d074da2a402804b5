impl PeriodType {
    /// Every type.
    pub const ALL: [Self; 1] = [Self::Daily];
    /// DHIS2's name of the type.
    pub fn name(self) -> &'static str { todo!() }
    /// The period of this type that contains a day.
    pub fn containing(self, _date: Date) -> Period { todo!() }
}
impl FromStr for PeriodType { type Err = PeriodTypeError; fn from_str(text: &str) -> Result<Self, PeriodTypeError> { Err(PeriodTypeError(text.to_owned())) } }
impl Serialize for PeriodType { fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.serialize_str(self.name()) } }
impl<'de> Deserialize<'de> for PeriodType { fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> { todo!() } }
impl Period {
    /// Reads an identifier in any form that a server takes.
    pub fn parse(text: &str) -> Result<Self, PeriodError> { Err(PeriodError(text.to_owned())) }
    /// Its type.
    pub fn period_type(&self) -> PeriodType { self.period_type }
    /// Its first day.
    pub fn start(&self) -> Date { self.start }
    /// Its last day.
    pub fn end(&self) -> Date { todo!() }
    /// The period `number` periods later (earlier if negative); none outside the years that dates cover.
    pub fn shift(&self, _number: i32) -> Option<Self> { todo!() }
    /// The period after it.
    pub fn next(&self) -> Option<Self> { self.shift(1) }
    /// The period before it.
    pub fn previous(&self) -> Option<Self> { self.shift(-1) }
    /// The period of a type that contains all of this one; none where it straddles two.
    pub fn contained_in(&self, _period_type: PeriodType) -> Option<Self> { todo!() }
    /// The periods of a type that lie wholly inside this one, in order.
    pub fn containing_periods(&self, _period_type: PeriodType) -> Vec<Self> { todo!() }
}
impl FromStr for Period { type Err = PeriodError; fn from_str(text: &str) -> Result<Self, PeriodError> { Self::parse(text) } }
impl fmt::Display for Period { fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result { todo!() } }
impl fmt::Debug for Period { fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, formatter) } }
impl Serialize for Period { fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.collect_str(self) } }
impl<'de> Deserialize<'de> for Period { fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> { todo!() } }
