//! S2 and S3: a file that was altered anywhere is refused, whatever was altered, before anything of it is believed.

use std::time::{Duration, Instant};

use xfer::cli::error::CliError;
use xfer::ops::error::OpsError;
use xfer_domain::exit_code::ExitCode;
use xfer_storage::xferfile::{FileKeyHolder, Keys, XferFileError, document, header};

use crate::announce::announce;
use crate::xfer_files::sample::{PASSWORD, TOKEN, sample};

struct Victim {
    file: Vec<u8>,
    keys: Keys,
    /// Where the sealed body begins.
    body: usize,
}

impl Victim {
    /// A small file that opens with two keys, so that there are two recipients to confuse.
    fn new() -> Self {
        let keys = Keys {
            passphrases: Vec::new(),
            key_files: vec![FileKeyHolder::generate().unwrap(), FileKeyHolder::generate().unwrap()],
        };
        let file = document::seal(&sample(7), &keys).unwrap();
        let line_end = file.iter().position(|byte| *byte == b'\n').unwrap();
        let line = std::str::from_utf8(&file[..line_end]).unwrap();
        let header: usize = line.rsplit(' ').next().unwrap().parse().unwrap();
        Self { body: line_end + 1 + header, file, keys }
    }

    /// The altered file is refused as damaged, unsupported or wrongly keyed, and the refusal says nothing of it.
    #[track_caller]
    fn refuses(&self, altered: &[u8], what: &str) -> ExitCode {
        assert_ne!(altered, self.file, "{what} alters nothing");
        let refusal = document::open(altered, &self.keys).map(drop).unwrap_err();
        let refusal = CliError::from(OpsError::XferFile { path: "monthly.xfer".into(), cause: refusal });
        let described = format!("{} {:?} {:?}", refusal.message, refusal.causes, refusal.hints);
        assert!(matches!(refusal.code, ExitCode::WrongKey | ExitCode::Damaged), "{what}: {refusal:?}");
        assert!(!refusal.hints.is_empty(), "{what}: {described}");
        for secret in [PASSWORD, TOKEN, "tracker.example.org", "10.0.0.7", "Reader", "Élément"] {
            assert!(!described.contains(secret), "{what}: {described}");
        }
        refusal.code
    }
}

#[test]
fn ten_thousand_alterations_are_all_refused() {
    let victim = Victim::new();
    let (file, body) = (&victim.file, victim.body);
    assert!(document::open(file, &victim.keys).is_ok());
    let (mut number, mut wrong_key) = (0, 0);
    let mut refuse = |altered: &[u8], what: String| {
        wrong_key += usize::from(victim.refuses(altered, &what) == ExitCode::WrongKey);
        number += 1;
    };
    let flip = |index: usize, bit: usize| {
        let mut altered = file.clone();
        altered[index] ^= 1 << bit;
        altered
    };
    for index in 0..body {
        for bit in 0..8 {
            refuse(&flip(index, bit), format!("header byte {index} bit {bit}"));
        }
    }
    // Spread over the whole body, and every byte of its tag.
    let spread = (0..4096).map(|step| body + step * (file.len() - body) / 4096);
    for (step, index) in spread.chain(file.len() - 16..file.len()).enumerate() {
        refuse(&flip(index, step % 8), format!("body byte {index}"));
    }
    for length in (0..4096.min(file.len())).chain((4096..file.len()).step_by(97)) {
        refuse(&file[..length], format!("cut at {length}"));
    }
    for length in 1..=64 {
        refuse(&[&file[..], &vec![b'x'; length]].concat(), format!("{length} bytes more"));
    }
    let half = body + (file.len() - body) / 2;
    refuse(&[&file[..body], &file[half..], &file[body..half]].concat(), "halves swapped".to_owned());
    let other = Victim::new();
    refuse(&[&file[..body], &other.file[other.body..]].concat(), "another file's body".to_owned());
    refuse(&[&other.file[..other.body], &file[body..]].concat(), "another file's header".to_owned());
    assert!(number >= 10_000, "only {number} alterations were tried");
    // Only what is altered about a recipient can look like another recipient's.
    assert!((1..body * 8).contains(&wrong_key), "{wrong_key}");
    announce(&format!(
        "S2: {number} alterations of an xfer file, all refused: {wrong_key} with 12, {} with 13",
        number - wrong_key
    ));
}

/// A header with a passphrase recipient that asks for so much; well formed otherwise.
fn asking_for(memory_kib: u64, passes: u64, lanes: u64) -> Vec<u8> {
    asking_often(memory_kib, passes, lanes, 1)
}

/// The same with so many of them.
fn asking_often(memory_kib: u64, passes: u64, lanes: u64, times: usize) -> Vec<u8> {
    let encoded = |length: usize| "A".repeat(length / 3 * 4);
    let recipient = format!(
        "Passphrase(argon2id: (memory_kib: {memory_kib}, passes: {passes}, lanes: {lanes}), salt: \"{}AA==\", \
         wrapped: \"{}\"),",
        encoded(15),
        encoded(72)
    );
    let header = format!(
        "(cipher: \"XChaCha20-Poly1305\", nonce: \"{}\", recipients: [{}])\n",
        encoded(24),
        recipient.repeat(times)
    );
    let mut file = format!("xfer-file/1 xfer 0.1.0 header {:08}\n{header}", header.len()).into_bytes();
    file.extend([0; 64]);
    file
}

#[test]
fn absurd_and_weak_costs_are_refused_before_anything_is_derived() {
    let most = u64::from(u32::MAX);
    let absurd = [
        (most, 3, 4),
        (most, most, most),
        (1024 * 1024 + 1, 3, 4),
        (2 * 1024 * 1024, 1, 1),
        (1024 * 1024, 16, 8),
        (1024 * 1024, 5, 4),
        (64 * 1024, 17, 4),
        (64 * 1024, most, 4),
        (64 * 1024, 3, 9),
        (64 * 1024, 3, most),
        (1 << 31, 1, 1),
        (most + 1, 3, 4),
        (1 << 40, 3, 4),
        (64 * 1024, 1 << 40, 4),
        (64 * 1024, 3, 1 << 40),
        (448 * 1024, 9, 4),
        (448 * 1024, 5, 4),
        (448 * 1024 + 1, 2, 1),
        (512 * 1024, 2, 1),
        (768 * 1024, 2, 1),
    ];
    let weak = [
        (19 * 1024 - 1, 2, 1),
        (8, 1, 1),
        (0, 3, 4),
        (64 * 1024, 1, 4),
        (64 * 1024, 0, 4),
        (64 * 1024, 3, 0),
        (1024, 16, 1),
        (46 * 1024, 1, 1),
    ];
    let keys = Keys { passphrases: vec!["correct horse battery staple".into()], key_files: Vec::new() };
    let started = Instant::now();
    for (memory, passes, lanes) in absurd.into_iter().chain(weak) {
        let file = asking_for(memory, passes, lanes);
        for refusal in [header(&file).map(drop), document::open(&file, &keys).map(drop)] {
            let refusal = refusal.unwrap_err();
            let expected =
                matches!(refusal, XferFileError::TooDear(_) | XferFileError::TooWeak(_) | XferFileError::Damaged(_));
            assert!(expected, "{memory} {passes} {lanes}: {refusal:?}");
        }
    }
    // A single derivation at the smallest cost that is absurd would take longer than all of these together.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let honest = document::open(&asking_for(64 * 1024, 3, 4), &keys).map(drop).unwrap_err();
    assert!(matches!(honest, XferFileError::WrongKey(_)), "an honest cost is paid: {honest:?}");
}

#[test]
fn all_passphrases_of_a_file_together_cost_what_one_file_may() {
    let keys = Keys { passphrases: vec!["correct horse battery staple".into()], key_files: Vec::new() };
    let key_file = Keys { passphrases: Vec::new(), key_files: vec![FileKeyHolder::generate().unwrap()] };
    for (memory, passes, times) in [(448 * 1024, 4, 2), (448 * 1024, 4, 8), (256 * 1024, 2, 5), (128 * 1024, 3, 8)] {
        let file = asking_often(memory, passes, 4, times);
        for keys in [&keys, &key_file] {
            let refusal = document::open(&file, keys).map(drop).unwrap_err();
            assert!(matches!(refusal, XferFileError::TooDear(_)), "{times} times {memory}: {refusal:?}");
            assert!(refusal.to_string().contains("passphrases together"), "{refusal}");
            let refusal = CliError::from(OpsError::XferFile { path: "dear.xfer".into(), cause: refusal });
            assert_eq!(refusal.code, ExitCode::Damaged);
        }
    }
    // What this program writes at most is read: eight times what one costs.
    let most = asking_often(64 * 1024, 3, 4, 8);
    assert!(header(&most).is_ok());
    let refusal = document::open(&most, &key_file).map(drop).unwrap_err();
    assert!(matches!(refusal, XferFileError::WrongKey(_)), "{refusal:?}");
}

#[test]
fn a_header_longer_than_any_is_not_read() {
    for length in ["00065537", "99999999", "-0000001", "+0000001", "0000001x"] {
        let file = format!("xfer-file/1 xfer 0.1.0 header {length}\n{}", "(".repeat(70_000)).into_bytes();
        assert!(matches!(header(&file), Err(XferFileError::Damaged(_))), "{length}");
    }
    let deep = "[".repeat(60_000);
    let file = format!("xfer-file/1 xfer 0.1.0 header {:08}\n{deep}", deep.len()).into_bytes();
    assert!(matches!(header(&file), Err(XferFileError::Damaged(_))), "deep nesting");
}
