//! What the two systems count: data elements of both sides, and how a figure of the source becomes one of the
//! destination.
//!
//! One table for each side and one for the ways between them. The ways are of all kinds that real mappings have:
//! option by option, several options summed, one option alone, one element feeding two others, an element that the
//! destination holds in two data sets with two category combos.

use super::combos::Combo;

/// A data set of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceSet {
    /// Monthly: malaria, mothers, HIV.
    Care,
    /// Monthly: vaccinations.
    Vaccination,
    /// Monthly: drugs.
    Stock,
    /// Weekly: diseases under surveillance.
    Alert,
    /// Quarterly: people.
    Staff,
    /// Monthly, by who pays.
    Partner,
}

/// A data set of the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DestinationSet {
    /// Monthly: the national report.
    Report,
    /// Monthly: the malaria programme; shares elements with the national report.
    Malaria,
    /// Monthly: vaccinations.
    Vaccination,
    /// Monthly: drugs.
    Stock,
    /// Weekly: notifiable diseases.
    Alert,
    /// Quarterly: people.
    Staff,
    /// Monthly, by who pays.
    Partner,
    /// Monthly: aggregates of the patient registers.
    Register,
    /// Monthly: calculated figures.
    Indicator,
}

/// How the values of a source element come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
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
pub(super) struct SourceElement {
    /// What identifies it in the generator, and its code.
    pub(super) key: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// Its value type.
    pub(super) value_type: &'static str,
    /// Its aggregation type.
    pub(super) aggregation: &'static str,
    /// Whether zeros are stored.
    pub(super) zeros: bool,
    /// Its category combo.
    pub(super) combo: Combo,
    /// Its data set.
    pub(super) set: SourceSet,
    /// Whether dispensaries report it too.
    pub(super) everywhere: bool,
    /// How its values come about.
    pub(super) amount: Amount,
}

const COUNT: &str = "INTEGER_ZERO_OR_POSITIVE";

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
pub(super) const SOURCE_ELEMENTS: [SourceElement; 33] = [
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

/// A data element of the destination.
#[derive(Debug)]
pub(super) struct DestinationElement {
    /// What identifies it in the generator.
    pub(super) key: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// Its code; some share it with the source.
    pub(super) code: Option<&'static str>,
    /// Its value type.
    pub(super) value_type: &'static str,
    /// Its aggregation type.
    pub(super) aggregation: &'static str,
    /// Whether zeros are stored.
    pub(super) zeros: bool,
    /// Its category combo.
    pub(super) combo: Combo,
    /// Its data sets.
    pub(super) sets: &'static [DestinationSet],
}

/// A count that is summed.
const fn national(
    key: &'static str,
    name: &'static str,
    code: Option<&'static str>,
    combo: Combo,
    sets: &'static [DestinationSet],
) -> DestinationElement {
    DestinationElement { key, name, code, value_type: COUNT, aggregation: "SUM", zeros: true, combo, sets }
}

const REPORT: &[DestinationSet] = &[DestinationSet::Report];
const VACCINATION: &[DestinationSet] = &[DestinationSet::Vaccination];
const STOCK: &[DestinationSet] = &[DestinationSet::Stock];
const ALERT: &[DestinationSet] = &[DestinationSet::Alert];
const STAFF: &[DestinationSet] = &[DestinationSet::Staff];
const PARTNER: &[DestinationSet] = &[DestinationSet::Partner];
const REGISTER: &[DestinationSet] = &[DestinationSet::Register];
const INDICATOR: &[DestinationSet] = &[DestinationSet::Indicator];

/// Data elements of the destination.
pub(super) const DESTINATION_ELEMENTS: [DestinationElement; 49] = [
    DestinationElement {
        zeros: false,
        ..national("N_PALU_SUSP", "PALU CAS SUSPECTS", Some("PALU_SUSP"), Combo::NationalSexAndAge, REPORT)
    },
    national(
        "N_PALU_CONF",
        "PALU CAS CONFIRMES",
        Some("PALU_CONF"),
        Combo::NationalSexAndAge,
        &[DestinationSet::Report, DestinationSet::Malaria],
    ),
    national("N_PALU_TRAIT", "PALU TRAITES CTA", Some("PNCM_03"), Combo::NationalSexAndAge, REPORT),
    national("N_PALU_DECES", "PALU DECES", None, Combo::Default, &[DestinationSet::Report, DestinationSet::Malaria]),
    national("N_CPN1", "CPN 1ERE VISITE", Some("SMI_CPN1"), Combo::Default, REPORT),
    national("N_CPN2", "CPN 2EME VISITE", Some("SMI_CPN2"), Combo::Default, REPORT),
    national("N_CPN3", "CPN 3EME VISITE", Some("SMI_CPN3"), Combo::Default, REPORT),
    national("N_CPN4", "CPN 4EME VISITE ET +", Some("SMI_CPN4"), Combo::Default, REPORT),
    national("N_ACC_ASSIST", "ACCOUCH. ASSISTES", Some("ACC_ASSIST"), Combo::Default, REPORT),
    national("N_ACC_COMPL", "ACCOUCH. COMPLIQUES", Some("ACC_COMPL"), Combo::Default, REPORT),
    national("N_ACC_CESAR", "CESARIENNES", Some("ACC_CESAR"), Combo::Default, REPORT),
    national("N_NAISS", "NAISSANCES VIVANTES", None, Combo::NationalSex, REPORT),
    national("N_VIH_TOTAL", "VIH TESTES (TOTAL)", Some("PNLS_01"), Combo::Default, REPORT),
    national("N_VIH_POS", "VIH TESTES POSITIFS", Some("PNLS_02"), Combo::Default, REPORT),
    national("N_BCG", "BCG DOSES", Some("VACC_BCG"), Combo::NationalDoseAge, VACCINATION),
    national("N_PENTA1", "PENTA 1 DOSES", Some("VACC_PENTA1"), Combo::NationalDoseAge, VACCINATION),
    national("N_PENTA2", "PENTA 2 DOSES", Some("VACC_PENTA2"), Combo::NationalDoseAge, VACCINATION),
    national("N_PENTA3", "PENTA 3 DOSES", Some("VACC_PENTA3"), Combo::NationalDoseAge, VACCINATION),
    national("N_RR1", "RR1 DOSES", Some("PEV_RR1"), Combo::NationalDoseAge, VACCINATION),
    DestinationElement {
        aggregation: "MAX",
        ..national("N_CTA_RUPT", "CTA JOURS RUPTURE", Some("STK_CTA_RUPT"), Combo::Default, STOCK)
    },
    DestinationElement {
        value_type: "NUMBER",
        ..national("N_CTA_CONS", "CTA CONSOMMATION", Some("STK_CTA_CONS"), Combo::Default, STOCK)
    },
    DestinationElement {
        value_type: "TEXT",
        aggregation: "NONE",
        ..national("N_STK_ETAT", "ETAT STOCK VACCINS", None, Combo::Default, STOCK)
    },
    DestinationElement {
        value_type: "NUMBER",
        aggregation: "AVERAGE",
        ..national("N_FRIGO", "TEMP. REFRIGERATEUR", Some("STK_FRIGO"), Combo::Default, STOCK)
    },
    DestinationElement {
        value_type: "BOOLEAN",
        aggregation: "NONE",
        ..national("N_EAU", "EAU POTABLE (O/N)", None, Combo::Default, STOCK)
    },
    DestinationElement {
        value_type: "LONG_TEXT",
        aggregation: "NONE",
        ..national("N_REM", "OBSERVATIONS DEPOT", None, Combo::Default, STOCK)
    },
    national("N_CHOLERA", "CHOLERA SUSPECTS", Some("MADO_CHOLERA"), Combo::NationalAlertAge, ALERT),
    national("N_ROUGEOLE", "ROUGEOLE SUSPECTS", Some("MADO_ROUGEOLE"), Combo::NationalAlertAge, ALERT),
    national("N_FIEVRE", "FIEVRE AIGUE", Some("MADO_07"), Combo::NationalAlertAge, ALERT),
    national("N_RAGE", "MORSURES / RAGE", None, Combo::Default, ALERT),
    national("N_RH_MED", "EFFECTIF MEDECINS", Some("RH_MED"), Combo::Default, STAFF),
    national("N_RH_INF", "EFFECTIF INFIRMIERES", Some("RH_INF"), Combo::NationalSex, STAFF),
    national("N_RH_SF", "EFFECTIF SAGES-FEMMES", None, Combo::Default, STAFF),
    national("N_MILDA", "MILDA DISTRIBUEES", Some("PART_MILDA"), Combo::Default, PARTNER),
    national("N_SENS", "PERSONNES SENSIBILISEES", None, Combo::Default, PARTNER),
    national("N_REG_CPN", "REGISTRE CPN - VISITES", Some("REG_CPN"), Combo::Default, REGISTER),
    national("N_REG_HTA", "REGISTRE CPN - HTA", Some("REG_HTA"), Combo::Default, REGISTER),
    national("N_REG_ANEMIE", "REGISTRE CPN - ANEMIE", Some("REG_ANEMIE"), Combo::Default, REGISTER),
    national("N_REG_VIH", "REGISTRE CPN - VIH POSITIF", Some("REG_VIH"), Combo::Default, REGISTER),
    national("N_REG_VAT", "REGISTRE CPN - VAT RECU", None, Combo::Default, REGISTER),
    DestinationElement {
        value_type: "NUMBER",
        aggregation: "AVERAGE",
        ..national("N_REG_POIDS", "REGISTRE CPN - POIDS MOYEN", Some("REG_POIDS"), Combo::Default, REGISTER)
    },
    national("N_REG_CHO", "LISTE LINEAIRE CHOLERA - CAS", Some("REG_CHO"), Combo::Default, REGISTER),
    national("N_REG_CHO_DC", "LISTE LINEAIRE CHOLERA - DECES", Some("REG_CHO_DC"), Combo::Default, REGISTER),
    national("N_REG_CHO_U5", "LISTE LINEAIRE CHOLERA - < 5 ANS", None, Combo::Default, REGISTER),
    ratio("N_IND_POSIT", "TAUX POSITIVITE PALU"),
    ratio("N_IND_ABANDON", "TAUX ABANDON PENTA1-PENTA3"),
    ratio("N_IND_CPN", "TAUX RETENTION CPN4/CPN1"),
    ratio("N_IND_CESAR", "TAUX CESARIENNES"),
    ratio("N_IND_VIH", "SEROPOSITIVITE VIH"),
    ratio("N_IND_U5", "PART < 5 ANS PALU"),
];

/// A calculated figure.
const fn ratio(key: &'static str, name: &'static str) -> DestinationElement {
    DestinationElement {
        value_type: "NUMBER",
        aggregation: "AVERAGE",
        ..national(key, name, Some(key), Combo::Default, INDICATOR)
    }
}

/// Which option combos of a source element go where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Each option combo to the one with the same options.
    Options,
    /// Each option combo to the one of another combo that keeps fewer dimensions; the rest is summed.
    Reduced(Combo),
    /// All option combos to the default one, summed.
    Total,
    /// One option alone, to the default one.
    Only(&'static str),
}

/// How a source element becomes a destination element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    /// Key of the source element.
    pub(super) source: &'static str,
    /// Key of the destination element.
    pub(super) destination: &'static str,
    /// Which of its option combos, and where to.
    pub(super) way: Way,
    /// The destination data set that the route writes for.
    pub(super) set: DestinationSet,
    /// How several contributions become one value: `sum`, `max`, `last`.
    pub(super) combine: &'static str,
}

const fn route(source: &'static str, destination: &'static str, way: Way, set: DestinationSet) -> Route {
    Route { source, destination, way, set, combine: "sum" }
}

const fn text_route(source: &'static str, destination: &'static str) -> Route {
    Route { combine: "last", ..route(source, destination, Way::Options, DestinationSet::Stock) }
}

/// All ways from data elements to data elements.
pub(super) const ROUTES: [Route; 35] = [
    route("PALU_SUSP", "N_PALU_SUSP", Way::Options, DestinationSet::Report),
    route("PALU_CONF", "N_PALU_CONF", Way::Options, DestinationSet::Report),
    route("PALU_CONF", "N_PALU_CONF", Way::Reduced(Combo::NationalSex), DestinationSet::Malaria),
    route("PALU_TRAIT", "N_PALU_TRAIT", Way::Options, DestinationSet::Report),
    route("PALU_DECES", "N_PALU_DECES", Way::Options, DestinationSet::Report),
    route("CPN1", "N_CPN1", Way::Total, DestinationSet::Report),
    route("CPN2", "N_CPN2", Way::Total, DestinationSet::Report),
    route("CPN3", "N_CPN3", Way::Total, DestinationSet::Report),
    route("CPN4", "N_CPN4", Way::Total, DestinationSet::Report),
    route("ACC_ASSIST", "N_ACC_ASSIST", Way::Options, DestinationSet::Report),
    route("ACC_COMPL", "N_ACC_COMPL", Way::Options, DestinationSet::Report),
    route("ACC_CESAR", "N_ACC_CESAR", Way::Options, DestinationSet::Report),
    route("NAISS_VIV", "N_NAISS", Way::Options, DestinationSet::Report),
    route("VIH_TEST", "N_VIH_TOTAL", Way::Total, DestinationSet::Report),
    route("VIH_TEST", "N_VIH_POS", Way::Only("POS"), DestinationSet::Report),
    route("VACC_BCG", "N_BCG", Way::Options, DestinationSet::Vaccination),
    route("VACC_PENTA1", "N_PENTA1", Way::Options, DestinationSet::Vaccination),
    route("VACC_PENTA2", "N_PENTA2", Way::Options, DestinationSet::Vaccination),
    route("VACC_PENTA3", "N_PENTA3", Way::Options, DestinationSet::Vaccination),
    route("VACC_VAR", "N_RR1", Way::Options, DestinationSet::Vaccination),
    Route { combine: "max", ..route("STK_CTA_RUPT", "N_CTA_RUPT", Way::Options, DestinationSet::Stock) },
    route("STK_CTA_CONS", "N_CTA_CONS", Way::Options, DestinationSet::Stock),
    text_route("STK_ETAT", "N_STK_ETAT"),
    text_route("STK_FRIGO", "N_FRIGO"),
    text_route("STK_EAU", "N_EAU"),
    text_route("STK_REM", "N_REM"),
    route("MADO_CHOLERA", "N_CHOLERA", Way::Options, DestinationSet::Alert),
    route("MADO_ROUGEOLE", "N_ROUGEOLE", Way::Options, DestinationSet::Alert),
    route("MADO_FIEVRE", "N_FIEVRE", Way::Options, DestinationSet::Alert),
    route("MADO_RAGE", "N_RAGE", Way::Options, DestinationSet::Alert),
    route("RH_MED", "N_RH_MED", Way::Options, DestinationSet::Staff),
    route("RH_INF", "N_RH_INF", Way::Options, DestinationSet::Staff),
    route("RH_SF", "N_RH_SF", Way::Options, DestinationSet::Staff),
    route("PART_MILDA", "N_MILDA", Way::Options, DestinationSet::Partner),
    route("PART_SENS", "N_SENS", Way::Options, DestinationSet::Partner),
];

/// From program indicators to data elements, all of the register data set.
pub(super) const PROGRAM_INDICATOR_ROUTES: [(&str, &str); 9] = [
    ("PI_CPN_VISITES", "N_REG_CPN"),
    ("PI_CPN_HTA", "N_REG_HTA"),
    ("PI_CPN_ANEMIE", "N_REG_ANEMIE"),
    ("PI_CPN_VIH", "N_REG_VIH"),
    ("PI_CPN_VAT", "N_REG_VAT"),
    ("PI_CPN_POIDS", "N_REG_POIDS"),
    ("PI_CHO_CAS", "N_REG_CHO"),
    ("PI_CHO_DECES", "N_REG_CHO_DC"),
    ("PI_CHO_U5", "N_REG_CHO_U5"),
];

/// An indicator of the source.
#[derive(Debug)]
pub(super) struct Indicator {
    /// What identifies it in the generator, and its code.
    pub(super) key: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// Numerator, with keys of data elements in the place of ids.
    pub(super) numerator: &'static str,
    /// Denominator, likewise.
    pub(super) denominator: &'static str,
    /// Key of the destination's data element.
    pub(super) destination: &'static str,
}

/// Indicators of the source, all in per cent.
pub(super) const INDICATORS: [Indicator; 6] = [
    Indicator {
        key: "IND_POSIT",
        name: "Taux de positivité du paludisme",
        numerator: "#{PALU_CONF}",
        denominator: "#{PALU_SUSP}",
        destination: "N_IND_POSIT",
    },
    Indicator {
        key: "IND_ABANDON",
        name: "Taux d'abandon Penta1-Penta3",
        numerator: "#{VACC_PENTA1}-#{VACC_PENTA3}",
        denominator: "#{VACC_PENTA1}",
        destination: "N_IND_ABANDON",
    },
    Indicator {
        key: "IND_CPN",
        name: "Rétention CPN4 / CPN1",
        numerator: "#{CPN4}",
        denominator: "#{CPN1}",
        destination: "N_IND_CPN",
    },
    Indicator {
        key: "IND_CESAR",
        name: "Taux de césariennes",
        numerator: "#{ACC_CESAR}",
        denominator: "#{ACC_ASSIST}+#{ACC_COMPL}",
        destination: "N_IND_CESAR",
    },
    Indicator {
        key: "IND_VIH",
        name: "Séropositivité VIH",
        numerator: "#{VIH_TEST.POS}",
        denominator: "#{VIH_TEST}",
        destination: "N_IND_VIH",
    },
    Indicator {
        key: "IND_U5",
        name: "Part des moins de 5 ans parmi les cas de paludisme",
        numerator: "#{PALU_CONF.A0_4+M}+#{PALU_CONF.A0_4+F}",
        denominator: "#{PALU_CONF}",
        destination: "N_IND_U5",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_way_has_both_ends_and_every_element_a_way() {
        let sources: BTreeSet<&str> = SOURCE_ELEMENTS.iter().map(|element| element.key).collect();
        let destinations: BTreeSet<&str> = DESTINATION_ELEMENTS.iter().map(|element| element.key).collect();
        assert_eq!((sources.len(), destinations.len()), (SOURCE_ELEMENTS.len(), DESTINATION_ELEMENTS.len()));
        let mut reached: BTreeSet<&str> = ROUTES.iter().map(|route| route.destination).collect();
        reached.extend(PROGRAM_INDICATOR_ROUTES.iter().map(|route| route.1));
        reached.extend(INDICATORS.iter().map(|indicator| indicator.destination));
        assert_eq!(reached, destinations);
        let left: BTreeSet<&str> = ROUTES.iter().map(|route| route.source).collect();
        assert_eq!(left, sources);
    }

    #[test]
    fn shares_refer_to_earlier_elements_of_the_same_combo() {
        for (position, element) in SOURCE_ELEMENTS.iter().enumerate() {
            if let Amount::Share(whole, low, high) = element.amount {
                let whole = SOURCE_ELEMENTS[..position].iter().find(|other| other.key == whole).unwrap();
                assert_eq!((whole.combo, whole.set), (element.combo, element.set), "{}", element.key);
                assert!(low <= high && high <= 100);
            }
        }
    }
}
