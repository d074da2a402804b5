//! Data elements of the source.

use super::{COUNT, SourceSet};
use crate::country::combos::Combo;

/// How the values of a source element come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::country) enum Amount {
    /// So many a month in a dispensary, more in larger facilities.
    Count(u64),
    /// A share, in per cent from-to, of the same cell of another element.
    Share(&'static str, u64, u64),
    /// Days of a month.
    Days,
    /// A quantity with up to two decimals.
    Quantity(u64),
    /// Degrees with one decimal.
    Degrees,
    /// A code of the stock option set.
    StockState,
    /// Yes or no.
    YesNo,
    /// A remark, now and then.
    Remark,
}

/// A data element of the source.
#[derive(Debug)]
pub(in crate::country) struct SourceElement {
    /// What identifies it in the generator, and its code.
    pub(in crate::country) key: &'static str,
    /// Its name.
    pub(in crate::country) name: &'static str,
    /// Its value type.
    pub(in crate::country) value_type: &'static str,
    /// Its aggregation type.
    pub(in crate::country) aggregation: &'static str,
    /// Whether zeros are stored.
    pub(in crate::country) zeros: bool,
    /// Its category combo.
    pub(in crate::country) combo: Combo,
    /// Its data set.
    pub(in crate::country) set: SourceSet,
    /// Whether dispensaries report it too.
    pub(in crate::country) everywhere: bool,
    /// How its values come about.
    pub(in crate::country) amount: Amount,
}

/// A count that is summed.
const fn count(
    key: &'static str,
    name: &'static str,
    combo: Combo,
    set: SourceSet,
    everywhere: bool,
    amount: Amount,
) -> SourceElement {
    SourceElement { key, name, value_type: COUNT, aggregation: "SUM", zeros: true, combo, set, everywhere, amount }
}

/// A figure of the stock report.
const fn stock(
    key: &'static str,
    name: &'static str,
    value_type: &'static str,
    aggregation: &'static str,
    amount: Amount,
) -> SourceElement {
    SourceElement {
        key,
        name,
        value_type,
        aggregation,
        zeros: true,
        combo: Combo::Default,
        set: SourceSet::Stock,
        everywhere: matches!(amount, Amount::Days | Amount::Quantity(_)),
        amount,
    }
}

/// Data elements of the source.
pub(in crate::country) const SOURCE_ELEMENTS: [SourceElement; 33] = [
    SourceElement {
        zeros: false, // the one kind of zero that servers up to 2.42 drop
        ..count("PALU_SUSP", "Paludisme - cas suspects", Combo::AgeAndSex, SourceSet::Care, true, Amount::Count(9))
    },
    count(
        "PALU_CONF",
        "Paludisme - cas confirmés",
        Combo::AgeAndSex,
        SourceSet::Care,
        true,
        Amount::Share("PALU_SUSP", 20, 60),
    ),
    count(
        "PALU_TRAIT",
        "Paludisme - cas traités par CTA",
        Combo::AgeAndSex,
        SourceSet::Care,
        false,
        Amount::Share("PALU_CONF", 75, 100),
    ),
    count("PALU_DECES", "Paludisme - décès", Combo::Default, SourceSet::Care, false, Amount::Count(0)),
    count("CPN1", "Consultation prénatale 1", Combo::MotherAge, SourceSet::Care, true, Amount::Count(8)),
    count("CPN2", "Consultation prénatale 2", Combo::MotherAge, SourceSet::Care, false, Amount::Share("CPN1", 70, 95)),
    count("CPN3", "Consultation prénatale 3", Combo::MotherAge, SourceSet::Care, false, Amount::Share("CPN2", 70, 95)),
    count(
        "CPN4",
        "Consultation prénatale 4 et plus",
        Combo::MotherAge,
        SourceSet::Care,
        true,
        Amount::Share("CPN3", 50, 90),
    ),
    count("ACC_ASSIST", "Accouchements assistés", Combo::Default, SourceSet::Care, false, Amount::Count(7)),
    count(
        "ACC_COMPL",
        "Accouchements compliqués",
        Combo::Default,
        SourceSet::Care,
        false,
        Amount::Share("ACC_ASSIST", 0, 15),
    ),
    count("ACC_CESAR", "Césariennes", Combo::Default, SourceSet::Care, false, Amount::Share("ACC_ASSIST", 0, 12)),
    count("NAISS_VIV", "Naissances vivantes", Combo::Sex, SourceSet::Care, false, Amount::Count(4)),
    count("VIH_TEST", "VIH - personnes testées", Combo::Result, SourceSet::Care, false, Amount::Count(10)),
    count("VACC_BCG", "BCG", Combo::DoseAge, SourceSet::Vaccination, false, Amount::Count(9)),
    count("VACC_PENTA1", "Pentavalent 1", Combo::DoseAge, SourceSet::Vaccination, false, Amount::Count(9)),
    count(
        "VACC_PENTA2",
        "Pentavalent 2",
        Combo::DoseAge,
        SourceSet::Vaccination,
        false,
        Amount::Share("VACC_PENTA1", 85, 100),
    ),
    count(
        "VACC_PENTA3",
        "Pentavalent 3",
        Combo::DoseAge,
        SourceSet::Vaccination,
        false,
        Amount::Share("VACC_PENTA2", 80, 100),
    ),
    count(
        "VACC_VAR",
        "Rougeole-rubéole 1",
        Combo::DoseAge,
        SourceSet::Vaccination,
        false,
        Amount::Share("VACC_PENTA1", 60, 95),
    ),
    stock("STK_CTA_RUPT", "CTA - jours de rupture de stock", COUNT, "SUM", Amount::Days),
    stock("STK_CTA_CONS", "CTA - consommation (boîtes)", "NUMBER", "SUM", Amount::Quantity(18)),
    stock("STK_ETAT", "État du stock de vaccins", "TEXT", "NONE", Amount::StockState),
    stock("STK_FRIGO", "Température moyenne du réfrigérateur", "NUMBER", "AVERAGE", Amount::Degrees),
    stock("STK_EAU", "Eau potable disponible", "BOOLEAN", "NONE", Amount::YesNo),
    stock("STK_REM", "Remarques du dépôt", "LONG_TEXT", "NONE", Amount::Remark),
    count("MADO_CHOLERA", "Choléra - cas suspects", Combo::AlertAge, SourceSet::Alert, true, Amount::Count(1)),
    count("MADO_ROUGEOLE", "Rougeole - cas suspects", Combo::AlertAge, SourceSet::Alert, true, Amount::Count(0)),
    count("MADO_FIEVRE", "Fièvre aiguë - cas", Combo::AlertAge, SourceSet::Alert, true, Amount::Count(4)),
    count("MADO_RAGE", "Morsures - suspicion de rage", Combo::Default, SourceSet::Alert, true, Amount::Count(0)),
    count("RH_MED", "Médecins en poste", Combo::Default, SourceSet::Staff, false, Amount::Count(1)),
    count("RH_INF", "Infirmières en poste", Combo::Sex, SourceSet::Staff, false, Amount::Count(2)),
    count("RH_SF", "Sages-femmes en poste", Combo::Default, SourceSet::Staff, false, Amount::Count(1)),
    count("PART_MILDA", "Moustiquaires distribuées", Combo::Default, SourceSet::Partner, false, Amount::Count(12)),
    count("PART_SENS", "Personnes sensibilisées", Combo::Default, SourceSet::Partner, false, Amount::Count(30)),
];
