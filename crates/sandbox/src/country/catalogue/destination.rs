//! Data elements of the destination: capitals, abbreviations, some codes shared with the source.

use super::{COUNT, DestinationSet};
use crate::country::combos::Combo;

/// A data element of the destination.
#[derive(Debug)]
pub(in crate::country) struct DestinationElement {
    /// What identifies it in the generator.
    pub(in crate::country) key: &'static str,
    /// Its name.
    pub(in crate::country) name: &'static str,
    /// Its code; some share it with the source.
    pub(in crate::country) code: Option<&'static str>,
    /// Its value type.
    pub(in crate::country) value_type: &'static str,
    /// Its aggregation type.
    pub(in crate::country) aggregation: &'static str,
    /// Whether zeros are stored.
    pub(in crate::country) zeros: bool,
    /// Its category combo.
    pub(in crate::country) combo: Combo,
    /// Its data sets.
    pub(in crate::country) sets: &'static [DestinationSet],
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
pub(in crate::country) const DESTINATION_ELEMENTS: [DestinationElement; 49] = [
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
