//! What Kubernetes is given: a CronJob with a claim for the state, as YAML.

use crate::ops::error::OpsError;
use crate::ops::scheduled::{Scheduled, in_shell};

/// How long the name of a CronJob may be: the cluster adds 11 characters for each Job, whose names have 63.
const LONGEST_NAME: usize = 52;

/// What stands before the name of a schedule.
const PREFIX: &str = "xfer-";

/// Refuses a name that no cluster takes for a CronJob.
pub(super) fn check_name(name: &str) -> Result<(), OpsError> {
    let whole = format!("{PREFIX}{name}");
    if whole.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(OpsError::invalid(
        format!("`{whole}` has {} characters; a Kubernetes CronJob name may have {LONGEST_NAME}", whole.len()),
        format!("give a name of at most {} characters with --name", LONGEST_NAME - PREFIX.len()),
    ))
}

/// The CronJob of Kubernetes, with a claim for the state and a secret that is made from the two files: neither the file
/// nor what opens it stands in the text. A cluster goes by UTC unless it is told the time zone.
pub fn kubernetes(run: &Scheduled, image: &str, time_zone: Option<&str>) -> String {
    let (file, opener) =
        (in_shell(&run.file.display().to_string()), in_shell(&run.opener.path().display().to_string()));
    let (name, times, credential) = (&run.name, run.times.cron_line(), run.opener.credential());
    let image = serde_json::Value::from(image);
    let zone = time_zone.map(|zone| format!("  timeZone: \"{zone}\"\n")).unwrap_or_default();
    format!(
        "# First: kubectl create secret generic xfer-{name} --from-file=routine.xfer={file} --from-file={credential}={opener}\n\
         apiVersion: v1\n\
         kind: PersistentVolumeClaim\n\
         metadata:\n  name: xfer-{name}\n\
         spec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n\
         ---\n\
         apiVersion: batch/v1\n\
         kind: CronJob\n\
         metadata:\n  name: xfer-{name}\n\
         spec:\n  schedule: \"{times}\"\n{zone}  concurrencyPolicy: Forbid\n  jobTemplate:\n    spec:\n      backoffLimit: 0\n      \
         template:\n        spec:\n          restartPolicy: Never\n          automountServiceAccountToken: false\n          \
         securityContext:\n            runAsNonRoot: true\n            runAsUser: 65532\n            fsGroup: 65532\n          \
         containers:\n            - name: xfer\n              image: {image}\n              \
         args: [\"--home\", \"/state\", \"--quiet\", \"exec\", \"/run/xfer/routine.xfer\"]\n              \
         env:\n                - name: CREDENTIALS_DIRECTORY\n                  value: /run/xfer\n              \
         securityContext:\n                allowPrivilegeEscalation: false\n                readOnlyRootFilesystem: true\n                \
         capabilities:\n                  drop: [ALL]\n              \
         volumeMounts:\n                - name: secret\n                  mountPath: /run/xfer\n                  readOnly: true\n                \
         - name: state\n                  mountPath: /state\n          \
         volumes:\n            - name: secret\n              secret:\n                secretName: xfer-{name}\n                \
         defaultMode: 0440\n            - name: state\n              persistentVolumeClaim:\n                claimName: xfer-{name}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{check_name, kubernetes};
    use crate::ops::scheduled::{Opener, sample};

    #[test]
    fn what_kubernetes_is_given() {
        let run = sample("30 2 5 * *");
        insta::assert_snapshot!(
            "kubernetes",
            kubernetes(&run, "registry.example.org/xfer:0.1.0", Some("Africa/Kigali"))
        );
    }

    #[test]
    fn a_name_that_is_too_long_for_a_cluster_is_refused_in_words() {
        assert!(check_name(&"a".repeat(47)).is_ok());
        let error = check_name(&"a".repeat(48)).unwrap_err().to_string();
        assert!(error.contains("has 53 characters; a Kubernetes CronJob name may have 52"), "{error}");
    }

    #[test]
    fn a_passphrase_is_a_key_of_the_secret_by_the_name_that_the_program_looks_for() {
        let mut run = sample("02:30");
        run.opener = Opener::PassphraseFile(PathBuf::from("/srv/the passphrase"));
        let text = kubernetes(&run, "here", None);
        assert!(text.contains("--from-file=xfer-passphrase='/srv/the passphrase'\n"), "{text}");
        assert!(!text.contains("timeZone"), "{text}");
    }
}
