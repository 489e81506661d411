//! Every text that was ever written is read, and what it says is said in today's words.

use super::{
    Digest, JobId, JobSpec, Limits, NewInput, Restart, StoredDependency, StoredJobNetwork,
    StoredPublish, When,
};

/// What the programs that knew this version wrote.
const VERSION_1: &str = r#"{"tasks":{"start":0,"end":5},"program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{"team":"maps"},"priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"stdin":null,"inputs":[{"digest":"dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622","guest_path":"/in"}]}"#;

const VERSION_2: &str = r#"{"tasks":{"start":0,"end":5},"module_name":"main@1","program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{"team":"maps"},"class":"batch","gang":true,"subcluster":"long","priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"after":[{"job":7,"when":"on-success"},{"job":8,"when":"on-failure"},{"job":9,"when":"always"}],"stdin":null,"inputs":[{"digest":"dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622","guest_path":"/in"}]}"#;

const VERSION_3: &str = r#"{"tasks":{"start":0,"end":5},"module_name":"main@1","program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{"team":"maps"},"class":"batch","gang":true,"subcluster":"long","priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"after":[{"job":7,"when":"on-success"},{"job":8,"when":"on-failure"},{"job":9,"when":"always"}],"stdin":null,"inputs":[{"digest":"dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622","guest_path":"/in"}],"network":{"own":false,"allow":["api.example.org:443"],"publish":[{"host_port":8080,"guest_port":80}]}}"#;

const VERSION_4: &str = r#"{"tasks":{"start":0,"end":5},"module_name":"main@1","program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"grace_ms":500,"generations":1,"labels":{"team":"maps"},"class":"batch","gang":true,"subcluster":"long","priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"after":[{"job":7,"when":"on-success"},{"job":8,"when":"on-failure"},{"job":9,"when":"always"}],"stdin":null,"inputs":[{"digest":"dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622","guest_path":"/in"}],"network":{"own":false,"allow":["api.example.org:443"],"publish":[{"host_port":8080,"guest_port":80}]}}"#;

fn today() -> JobSpec {
    let after = [
        (7, When::OnSuccess),
        (8, When::OnFailure),
        (9, When::Always),
    ];
    JobSpec {
        tasks: 0..=5,
        module_name: "main@1".to_owned(),
        program: "main.wasm".to_owned(),
        args: vec!["--fast".to_owned()],
        env: [("B", "2"), ("A", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        cpu_millis: 50,
        limits: Limits::default(),
        grace_ms: 500,
        generations: 1,
        labels: [("team".to_owned(), "maps".to_owned())].into(),
        class: "batch".to_owned(),
        gang: true,
        subcluster: Some("long".to_owned()),
        priority: 0,
        restart: Restart::OnFailure {
            retries: 3,
            backoff_ms: 1_000,
        },
        after: after
            .map(|(job, when)| StoredDependency {
                job: JobId(job),
                when,
            })
            .into(),
        stdin: None,
        inputs: vec![NewInput {
            digest: Digest::of(b"tree"),
            guest_path: "/in".to_owned(),
        }],
        network: StoredJobNetwork {
            own: false,
            allow: vec!["api.example.org:443".to_owned()],
            publish: vec![StoredPublish {
                host_port: 8_080,
                guest_port: 80,
            }],
        },
    }
}

/// What a program that knew version 2 was told of the same job.
fn of_version_2() -> JobSpec {
    JobSpec {
        network: StoredJobNetwork {
            own: true,
            allow: vec![],
            publish: vec![],
        },
        ..of_version_3()
    }
}

/// What a program that knew version 3 was told of the same job.
fn of_version_3() -> JobSpec {
    JobSpec {
        grace_ms: 0,
        generations: 0,
        ..today()
    }
}

fn read(version: i64, text: &str) -> serde_json::Result<Option<JobSpec>> {
    JobSpec::read(version, text, Digest::of(b"module"))
}

#[test]
fn today_s_text_is_written_and_read() {
    assert_eq!(today().text().unwrap(), VERSION_4);
    assert_eq!(read(4, VERSION_4).unwrap(), Some(today()));
}

#[test]
fn version_1_is_read_with_what_its_jobs_were_in_today_s_words() {
    let expected = JobSpec {
        module_name: Digest::of(b"module").to_string(),
        class: String::new(),
        gang: false,
        subcluster: None,
        after: vec![],
        ..of_version_2()
    };
    assert_eq!(read(1, VERSION_1).unwrap(), Some(expected));
}

#[test]
fn version_2_is_read_with_the_network_that_a_job_has_whose_user_said_nothing() {
    assert_eq!(read(2, VERSION_2).unwrap(), Some(of_version_2()));
    assert_eq!(of_version_2().network, StoredJobNetwork::default());
}

#[test]
fn version_3_is_read_without_a_grace() {
    assert_eq!(read(3, VERSION_3).unwrap(), Some(of_version_3()));
}

#[test]
fn what_no_program_of_a_version_wrote_is_not_read_as_it() {
    read(2, VERSION_1).unwrap_err();
    read(3, VERSION_2).unwrap_err();
    read(4, VERSION_3).unwrap_err();
    read(3, VERSION_4).unwrap_err();
    read(4, &VERSION_4.replace("guest_port", "port")).unwrap_err();
    read(1, &VERSION_1.replace("program", "programme")).unwrap_err();
    read(1, "7").unwrap_err();
    for version in [-1, 0, 5] {
        assert_eq!(read(version, VERSION_4).unwrap(), None);
    }
}
