//! How figures of the source become figures of the destination: from data elements, from program indicators, and from
//! indicators.

use super::DestinationSet;
use crate::country::combos::Combo;

/// Which option combos of a source element go where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::country) enum Way {
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
pub(in crate::country) struct Route {
    /// Key of the source element.
    pub(in crate::country) source: &'static str,
    /// Key of the destination element.
    pub(in crate::country) destination: &'static str,
    /// Which of its option combos, and where to.
    pub(in crate::country) way: Way,
    /// The destination data set that the route writes for.
    pub(in crate::country) set: DestinationSet,
    /// How several contributions become one value: `sum`, `max`, `last`.
    pub(in crate::country) combine: &'static str,
}

const fn route(source: &'static str, destination: &'static str, way: Way, set: DestinationSet) -> Route {
    Route { source, destination, way, set, combine: "sum" }
}

const fn text_route(source: &'static str, destination: &'static str) -> Route {
    Route { combine: "last", ..route(source, destination, Way::Options, DestinationSet::Stock) }
}

/// All ways from data elements to data elements.
pub(in crate::country) const ROUTES: [Route; 35] = [
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
pub(in crate::country) const PROGRAM_INDICATOR_ROUTES: [(&str, &str); 9] = [
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
pub(in crate::country) struct Indicator {
    /// What identifies it in the generator, and its code.
    pub(in crate::country) key: &'static str,
    /// Its name.
    pub(in crate::country) name: &'static str,
    /// Numerator, with keys of data elements in the place of ids.
    pub(in crate::country) numerator: &'static str,
    /// Denominator, likewise.
    pub(in crate::country) denominator: &'static str,
    /// Key of the destination's data element.
    pub(in crate::country) destination: &'static str,
}

/// Indicators of the source, all in per cent.
pub(in crate::country) const INDICATORS: [Indicator; 6] = [
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
