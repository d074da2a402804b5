//! Pairs of opposite words, in the languages of the names: code that reads the name of a data element for its
//! opposite, or an option for its meaning, goes by these, and adds what only holds there.

/// A test that says yes.
pub(crate) const POSITIVE: &[&str] = &[
    "positif",
    "positive",
    "pos",
    "positifs",
    "positives",
    "reactif",
    "reactive",
    "positivo",
    "positiva",
    "positivos",
    "positivas",
    "reactivo",
    "reagente",
];

/// A test that says no.
pub(crate) const NEGATIVE: &[&str] =
    &["negatif", "negative", "neg", "negatifs", "negatives", "negativo", "negativa", "negativos", "negativas"];

/// Women and girls.
pub(crate) const FEMALE: &[&str] = &[
    "feminin", "feminine", "female", "females", "femme", "femmes", "fille", "filles", "girl", "girls", "woman",
    "women", "mujer", "mujeres", "mulher", "mulheres", "femenino", "femenina", "feminino", "feminina", "nina", "ninas",
    "menina", "meninas",
];

/// Men and boys.
pub(crate) const MALE: &[&str] = &[
    "masculin",
    "masculine",
    "male",
    "males",
    "homme",
    "hommes",
    "garcon",
    "garcons",
    "boy",
    "boys",
    "man",
    "men",
    "hombre",
    "hombres",
    "homem",
    "homens",
    "masculino",
    "masculina",
    "varon",
    "varones",
    "menino",
    "meninos",
];

/// What is seen for the first time.
pub(crate) const NEW: &[&str] = &[
    "nouveau",
    "nouveaux",
    "nouvelle",
    "nouvelles",
    "new",
    "nuevo",
    "nueva",
    "nuevos",
    "nuevas",
    "novo",
    "nova",
    "novos",
    "novas",
];

/// What was seen before.
pub(crate) const OLD: &[&str] = &[
    "ancien",
    "anciens",
    "ancienne",
    "anciennes",
    "old",
    "antiguo",
    "antigua",
    "antiguos",
    "antiguas",
    "antigo",
    "antiga",
    "antigos",
    "antigas",
    "anterior",
    "anteriores",
];

/// Of the state.
pub(crate) const PUBLIC: &[&str] = &["public", "publique", "publico", "publica"];

/// Not of the state.
pub(crate) const PRIVATE: &[&str] = &["prive", "privee", "private", "privado", "privada"];

/// Who lives.
pub(crate) const ALIVE: &[&str] =
    &["vivant", "vivants", "vivante", "vivantes", "alive", "vivo", "viva", "vivos", "vivas"];

/// Who does not.
pub(crate) const DEAD: &[&str] = &[
    "mort",
    "morts",
    "morte",
    "mortes",
    "dead",
    "decede",
    "decedes",
    "muerto",
    "muerta",
    "muertos",
    "muertas",
    "morto",
    "morta",
    "mortos",
    "mortas",
    "fallecido",
    "fallecidos",
    "falecido",
    "falecidos",
];

/// Of towns.
pub(crate) const URBAN: &[&str] = &["urbain", "urbaine", "urban", "urbano", "urbana"];

/// Of the country.
pub(crate) const RURAL: &[&str] = &["rural", "rurale", "rurales"];

/// Yes.
pub(crate) const YES: &[&str] = &["oui", "yes", "si", "sim"];

/// No.
pub(crate) const NO: &[&str] = &["no", "nao"];
