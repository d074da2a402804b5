//! No circles: of the modules that lie side by side in one folder, none names one that names it back, however long the
//! way round is. What two of them need lies below both.
//!
//! Read are the paths that begin with `crate`, `super` or `self`, in imports and within code; what a module hands on by
//! `pub use` counts as what it is. Whether a module names the one that it lies in is not asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::{Source, code_lines, fail_with, sources};

/// Circles that are left, by the folder and the modules of each.
const LEFT: &[(&str, &[&str])] = &[
    ("crates/dhis2/src", &["error", "hint"]),
    ("crates/dhis2/src", &["analytics", "client"]),
    ("crates/domain/src", &["data_item", "item", "job"]),
    ("crates/matching/src", &["item_match", "items"]),
    ("crates/matching/src", &["item_rules", "percentages"]),
    ("crates/matching/src/figures", &["opposites", "phrases", "places"]),
    ("crates/matching/src/org_units", &["assignment", "evidence"]),
    ("crates/matching/src/review", &["aggregation", "sides"]),
    ("crates/transfer/src", &["hooks", "plan"]),
    ("crates/transfer/src/engine", &["aside", "prepare"]),
    ("crates/transfer/src/plan", &["address", "leftover", "planned", "shares"]),
];

/// A module by the folders that lead to it from its package's root, which is empty.
type Module = Vec<String>;

/// The modules of one package.
#[derive(Default)]
struct Package {
    /// With their text, without comments and what is compiled for tests only.
    texts: BTreeMap<Module, String>,
    /// What modules hand on: the module and the name, and the path that it stands for.
    handed_on: BTreeMap<(Module, String), Vec<String>>,
}

impl Package {
    fn of(sources: &[&Source], root: &Path) -> Self {
        let mut package = Self::default();
        for source in sources {
            let path = source.path.strip_prefix(root).unwrap().with_extension("");
            let mut module: Module = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            module.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
            let text: Vec<&str> = code_lines(&source.product).map(|(_, line)| line).collect();
            package.texts.insert(module, text.join("\n"));
        }
        for (module, text) in &package.texts {
            for statement in text.split(';') {
                let Some((before, tree)) = statement.rsplit_once("use ") else { continue };
                if before.lines().last().is_some_and(|line| line.starts_with("pub")) {
                    let handed_on = paths(tree).into_iter().map(|(path, name)| ((module.clone(), name), path));
                    package.handed_on.extend(handed_on);
                }
            }
        }
        package
    }

    /// The module that a path leads to, seen from another; none where it leads out of the package.
    fn target(&self, from: &Module, path: &[String], followed: usize) -> Option<Module> {
        let (first, mut rest) = path.split_first()?;
        let mut module = match first.as_str() {
            "crate" => Module::new(),
            "super" => from[..from.len().checked_sub(1)?].to_vec(),
            "self" => from.clone(),
            child if self.texts.contains_key(&below(from, child)) => below(from, child),
            _ => return None,
        };
        while let Some((name, further)) = rest.split_first() {
            rest = further;
            let child = below(&module, name);
            if name == "super" {
                module.pop()?;
            } else if self.texts.contains_key(&child) {
                module = child;
            } else if let Some(path) = self.handed_on.get(&(module.clone(), name.clone())).filter(|_| followed < 9) {
                let path: Vec<String> = path.iter().chain(further).cloned().collect();
                return self.target(&module, &path, followed + 1).or(Some(module));
            } else {
                break;
            }
        }
        Some(module)
    }

    /// Who names whom among the modules of each folder.
    fn named(&self) -> BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> {
        let mut named: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (module, text) in &self.texts {
            let targets = rooted(text).flat_map(paths).filter_map(|(path, _)| self.target(module, &path, 0));
            for target in targets {
                let shared = module.iter().zip(&target).take_while(|(own, other)| own == other).count();
                if let (Some(own), Some(other)) = (module.get(shared), target.get(shared)) {
                    let folder = named.entry(module[..shared].to_vec()).or_default();
                    folder.entry(own.clone()).or_default().insert(other.clone());
                }
            }
        }
        named
    }
}

fn below(module: &Module, name: &str) -> Module {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// What follows each `crate::`, `super::` and `self::` of a text, with it.
fn rooted(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |letter: char| letter.is_alphanumeric() || "_:$".contains(letter);
    ["crate::", "super::", "self::"].into_iter().flat_map(move |root| {
        let places = text.match_indices(root).map(|(at, _)| at);
        places.filter(move |at| !text[..*at].ends_with(is_word)).map(|at| &text[at..])
    })
}

/// The paths that a text begins with, each with the name that it is known by: those of `a::{self, b::C as D}` are `a` as
/// `a`, and `a::b::C` as `D`.
fn paths(text: &str) -> Vec<(Vec<String>, String)> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let text = text.trim_start();
    let (path, rest) = text.split_at(text.find(|letter| !is_word(letter) && letter != ':').unwrap_or(text.len()));
    let own: Vec<String> = path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let Some(last) = own.last() else { return Vec::new() };
    if let Some(list) = rest.strip_prefix('{').filter(|_| path.ends_with("::")) {
        let listed = parts(list).into_iter().flat_map(paths);
        let whole = listed.map(|(path, name)| match path.as_slice() {
            [this] if this == "self" && name == "self" => (own.clone(), last.clone()),
            [this] if this == "self" => (own.clone(), name),
            _ => (own.iter().cloned().chain(path).collect(), name),
        });
        return whole.collect();
    }
    let known = rest.trim_start().strip_prefix("as ").map(str::trim_start);
    let known = known.map(|name| name.chars().take_while(|letter| is_word(*letter)).collect());
    let name = known.unwrap_or_else(|| last.clone());
    vec![(own, name)]
}

/// What commas separate, up to the brace that closes a list.
fn parts(list: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0, 0, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth > 0 => {}
            ',' | '}' => {
                parts.push(&list[begin..at]);
                begin = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    parts
}

/// The modules that lead back to themselves, those of one circle together.
fn circles(named: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<BTreeSet<String>> {
    let reached = |from: &String| {
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut waiting: Vec<&String> = vec![from];
        while let Some(module) = waiting.pop() {
            let next = named.get(module).into_iter().flatten();
            waiting.extend(next.filter(|next| reached.insert((*next).clone())));
        }
        reached
    };
    let all: BTreeMap<&String, BTreeSet<String>> = named.keys().map(|module| (module, reached(module))).collect();
    let back = all.iter().filter(|(module, reached)| reached.contains(**module));
    let circle = |module: &String, reached: &BTreeSet<String>| {
        let together = |other: &&String| all.get(other).is_some_and(|reached| reached.contains(module));
        reached.iter().filter(together).cloned().collect()
    };
    back.map(|(module, reached)| circle(module, reached)).collect()
}

#[test]
fn no_module_names_one_that_names_it_back() {
    let mut findings = String::new();
    let mut left: BTreeSet<(String, BTreeSet<String>)> = LEFT
        .iter()
        .map(|(folder, modules)| ((*folder).to_owned(), modules.iter().map(|module| (*module).to_owned()).collect()))
        .collect();
    let sources = sources();
    let roots: BTreeSet<&Path> = sources.iter().filter_map(|source| root_of(&source.path)).collect();
    for root in roots {
        let own: Vec<&Source> = sources.iter().filter(|source| source.path.starts_with(root)).collect();
        let package = Package::of(&own, root);
        for (folder, named) in package.named() {
            let place = root.join(folder.join("/")).display().to_string().trim_end_matches('/').to_owned();
            for circle in circles(&named) {
                if left.remove(&(place.clone(), circle.clone())) {
                    continue;
                }
                writeln!(findings, "{place}: {circle:?} name each other:").unwrap();
                for module in &circle {
                    let others: Vec<&String> = named[module].intersection(&circle).collect();
                    writeln!(findings, "    {module} names {others:?}").unwrap();
                }
            }
        }
    }
    for (place, circle) in left {
        writeln!(findings, "{place}: {circle:?} is no circle any more; take it off the list").unwrap();
    }
    fail_with(&findings);
}

/// The folder `src` that a file lies in.
fn root_of(path: &Path) -> Option<&Path> {
    path.ancestors().filter(|folder| folder.ends_with("src")).last()
}

#[test]
fn what_a_module_names_is_seen_however_it_is_written() {
    let source = |path: &str, text: &str| Source {
        path: path.into(),
        layer: String::new(),
        text: text.to_owned(),
        product: text.to_owned(),
    };
    let sources = [
        source("src/lib.rs", "mod a;\nmod b;\nmod c;\nmod d;\npub(crate) use b::deep::Thing as Known;\n"),
        source("src/a.rs", "use crate::{\n    Known,\n    d::{self, E},\n};\n"),
        source("src/b/mod.rs", "pub mod deep;\nfn f() { crate::c::g() }\n"),
        source("src/b/deep.rs", "use super::super::c::{self as it};\n// crate::d\n"),
        source("src/c.rs", "fn g(a: super::a::A) {}\n"),
        source("src/d.rs", "use std::fmt;\n"),
    ];
    let package = Package::of(&sources.iter().collect::<Vec<_>>(), Path::new("src"));
    let named = &package.named()[&Module::new()];
    let seen: Vec<String> = named.iter().map(|(module, others)| format!("{module} {others:?}")).collect();
    assert_eq!(seen, [r#"a {"b", "d"}"#, r#"b {"c"}"#, r#"c {"a"}"#]);
    let circle: BTreeSet<String> = ["a", "b", "c"].map(str::to_owned).into();
    assert_eq!(circles(named), [circle].into());
}
