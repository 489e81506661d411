use super::*;

/// A place of its own for one test, gone with it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("sublet-job-{name}-{}", process::id()));
        fs::create_dir_all(path.join("out")).unwrap();
        fs::create_dir_all(path.join("state")).unwrap();
        Self(path)
    }

    fn files(&self, variables: &[(&str, &str)]) -> Files {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let root = self.0.clone();
        Files(Rc::new(Surroundings { root, variables }))
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.0.join(path)).ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn reached(done: u64, total: Option<u64>, message: Option<&str>) -> Reached {
    Reached {
        done,
        total,
        unit: "tiles".to_owned(),
        message: message.map(str::to_owned),
    }
}

#[test]
fn who_it_is_stands_in_variables() {
    let place = Place::new("who");
    let files = place.files(&[
        ("SUBLET_JOB_ID", "job_1"),
        ("SUBLET_TASK_INDEX", "5"),
        ("SUBLET_TASK_COUNT", "9"),
        ("SUBLET_ATTEMPT", "2"),
        ("SUBLET_DEADLINE", "2001-01-01T00:00:00Z"),
    ]);
    assert_eq!(files.job(), "job_1");
    assert_eq!((files.task(), files.attempt()), ((5, 9), 2));
    assert_eq!(files.time_left(), Some(Duration::ZERO));
}

#[test]
fn without_variables_it_is_the_one_task_of_a_local_job() {
    let place = Place::new("alone");
    let files = place.files(&[]);
    assert_eq!(files.job(), "local");
    assert_eq!((files.task(), files.attempt()), ((0, 1), 1));
    assert_eq!((files.time_left(), files.stop_requested()), (None, None));
    // Where there is no file for it, progress is not an error.
    files.progress(&reached(1, Some(2), None));
}

#[test]
fn progress_is_a_line_for_each_report_and_a_fraction_first() {
    let place = Place::new("progress");
    let files = place.files(&[("SUBLET_PROGRESS", "/progress")]);
    files.progress(&reached(1, Some(3), None));
    files.progress(&reached(7, None, None));
    files.progress(&reached(4, Some(3), Some("nearly\nthere")));
    assert_eq!(
        place.read("progress").unwrap(),
        "0.3333 1 of 3 tiles\n1.0000 nearly there\n"
    );
}

#[test]
fn a_stop_is_a_file_that_appears() {
    let place = Place::new("stop");
    let files = place.files(&[("SUBLET_STOP", "/stop")]);
    assert_eq!(files.stop_requested(), None);
    fs::write(place.0.join("stop"), "drain\n").unwrap();
    assert_eq!(files.stop_requested().as_deref(), Some("drain"));
}

#[test]
fn a_checkpoint_is_replaced_whole() {
    let place = Place::new("checkpoint");
    let files = place.files(&[]);
    assert_eq!(files.load(), Ok(None));
    files.save(b"a long one").unwrap();
    files.save(b"short").unwrap();
    assert_eq!(files.load(), Ok(Some(b"short".to_vec())));
    assert_eq!(place.read("state/checkpoint.next"), None);
}

#[test]
fn a_checkpoint_that_cannot_be_kept_is_an_error_that_names_it() {
    let place = Place::new("no-state");
    fs::remove_dir(place.0.join("state")).unwrap();
    let error = place.files(&[]).save(b"x").unwrap_err();
    assert!(error.to_string().contains("/state/checkpoint"), "{error}");
    fs::create_dir(place.0.join("state")).unwrap();
}

#[test]
fn json_goes_to_the_result_file() {
    let place = Place::new("result");
    let files = place.files(&[]);
    files.set_output(&Bytes::json(&[1, 2]).unwrap()).unwrap();
    assert_eq!(place.read("out/result.json").unwrap(), "[1,2]");
}

#[test]
fn an_artifact_is_there_once_it_is_finished() {
    let place = Place::new("artifact");
    let files = place.files(&[]);
    let mut writer = files.create("a.csv", "text/csv").unwrap();
    Files::append(&mut writer, b"1,2").unwrap();
    assert_eq!(files.artifact_names(None), Ok(Vec::new()));
    Files::finish(writer).unwrap();
    assert_eq!(files.artifact_names(None), Ok(vec!["a.csv".to_owned()]));
    assert_eq!(files.read_artifact(None, "a.csv", 1, 9), Ok(b",2".to_vec()));
    assert_eq!(files.read_artifact(None, "a.csv", 9, 9), Ok(Vec::new()));
}

#[test]
fn an_unfinished_artifact_leaves_nothing() {
    let place = Place::new("unfinished");
    let files = place.files(&[]);
    drop(files.create("a.csv", "text/csv").unwrap());
    assert_eq!(fs::read_dir(place.0.join("out")).unwrap().count(), 0);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let place = Place::new("names");
    let files = place.files(&[]);
    let long = "x".repeat(256);
    for name in ["", ".", "..", "a/b", "../x", "a\nb", ".hidden", &long] {
        let error = files.create(name, "text/plain").unwrap_err();
        assert!(matches!(error, HostError::Invalid(_)), "{name:?}: {error}");
        let error = files.read_artifact(None, name, 0, 1).unwrap_err();
        assert!(matches!(error, HostError::Invalid(_)), "{name:?}: {error}");
    }
}

#[test]
fn what_files_cannot_do_says_what_can() {
    let place = Place::new("missing");
    let error = place.files(&[]).submit(&Order::default()).unwrap_err();
    assert!(error.to_string().contains("feature `host`"), "{error}");
}
