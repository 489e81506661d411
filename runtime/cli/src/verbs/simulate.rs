//! `sublet simulate`: what a load would be like under a document of rules. Nothing but the document is asked: no server,
//! no clock, no guest.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use sublet_api::Code;
use sublet_daemon::config::Rules;
use sublet_simulator::pool::Node;
use sublet_simulator::{Kind, Pool, Report, Scale, Setting};

use super::{Session, plan};
use crate::exit::Exit;
use crate::failure::Failure;

/// Nodes of all hosts together. Each is looked at by every check of everything.
const NODES_MAX: usize = 10_000;

/// Show what a load would be like under a document of rules
#[derive(Args, Debug)]
#[command(
    after_help = "It needs no server: the nodes that the document lists are the host. The loads: `sublet help loads`."
)]
pub(crate) struct Simulate {
    /// The document, in TOML; `-` is stdin
    #[arg(value_name = "FILE|-")]
    file: String,
    /// What users do
    #[arg(long, value_name = "LOAD", value_parser = load())]
    load: Kind,
    /// Jobs that are submitted
    #[arg(long, value_name = "N", default_value_t = 10_000, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    jobs: u32,
    /// Hosts, each with all nodes of the document
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    hosts: u32,
    /// Work that arrives, in per cent of what the slots can take
    #[arg(long, value_name = "PERCENT", default_value_t = 70, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    load_percent: u32,
    /// Where all chance comes from: the same seed gives the same answer
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        allow_negative_numbers = true
    )]
    seed: u64,
    /// Also draw it over time, into this file, as SVG
    #[arg(long, value_name = "FILE.svg")]
    picture: Option<PathBuf>,
}

fn load() -> impl TypedValueParser<Value = Kind> {
    let words = PossibleValuesParser::new(Kind::ALL.map(Kind::word));
    words.map(|word| Kind::of_word(&word).expect("the parser takes the words of loads only"))
}

pub(super) fn simulate(simulate: &Simulate, session: &Session) -> Result<Exit, Failure> {
    let document = plan::document(&simulate.file)?.document;
    let rules = Rules::parse(&document).map_err(|error| refused(&error))?;
    for remark in &rules.remarks {
        session.output.talk(format_args!("note: {remark}"));
    }
    let report = report(simulate, pool(rules, simulate.hosts)?)?;
    if let Some(path) = &simulate.picture {
        draw(&report, path)?;
    }
    session.output.text(&report.to_string())?;
    Ok(Exit::DONE)
}

fn refused(error: &sublet_daemon::config::RulesError) -> Failure {
    Failure::from(sublet_daemon::refusal(error))
}

/// The pool of so many hosts that the document is about.
fn pool(rules: Rules, hosts: u32) -> Result<Pool, Failure> {
    let carved = rules.carve_listed().map_err(|error| refused(&error))?;
    let all = carved.len().saturating_mul(hosts as usize);
    if all > NODES_MAX {
        let of_each = carved.len();
        return Err(Failure::new(
            Code::OutOfRange,
            format!("{hosts} hosts with {of_each} nodes each are {all} nodes, the limit of a simulation is {NODES_MAX}"),
        )
        .help(format!("ask for at most {} hosts", NODES_MAX / of_each)));
    }
    let nodes = carved.into_iter().map(|node| Node {
        name: node.name,
        capacity: node.capacity,
        priority: node.priority,
        labels: node.labels,
    });
    Ok(Pool::new(rules.set, nodes.collect()))
}

fn report(simulate: &Simulate, pool: Pool) -> Result<Report, Failure> {
    let scale = Scale {
        jobs: u64::from(simulate.jobs),
        hosts: simulate.hosts,
        load_percent: simulate.load_percent,
    };
    let setting = Setting::on(Arc::new(pool), simulate.load, simulate.seed, scale);
    let outcome = setting.run().map_err(|failure| {
        let (violation, step) = (&failure.violation, failure.step);
        Failure::new(
            Code::LocalFault,
            format!("the scheduler broke a promise at step {step}: {violation}"),
        )
        .help("this is a fault of Sublet: report it with the document and this command line")
    })?;
    Ok(outcome.report)
}

fn draw(report: &Report, path: &Path) -> Result<(), Failure> {
    fs::write(path, report.picture()).map_err(|error| {
        let detail = format!("the picture cannot be written to `{}`", path.display());
        Failure::new(Code::FileUnwritable, detail).caused_by(&error)
    })
}

#[cfg(test)]
mod tests {
    use sublet_simulator::Kind;

    use super::*;

    const RULES: &str = "[pool]\nnodes = [{ count = 2, cpu = 1, memory = \"1GiB\" }]\n\
        [[subcluster]]\nname = \"a\"\nslot = { cpu = 0.25, memory = \"128MiB\" }\n";

    fn rules(document: &str) -> Rules {
        Rules::parse(document).unwrap()
    }

    fn asked(load: Kind) -> Simulate {
        Simulate {
            file: "-".to_owned(),
            load,
            jobs: 300,
            hosts: 2,
            load_percent: 70,
            seed: 1,
            picture: None,
        }
    }

    fn told(failure: &Failure) -> String {
        format!("{failure:?}")
    }

    #[test]
    fn every_load_runs_on_the_pool_of_a_document() {
        for load in Kind::ALL {
            let asked = asked(load);
            let report = report(&asked, pool(rules(RULES), asked.hosts).unwrap()).unwrap();
            let text = report.to_string();
            assert!(text.starts_with(load.word()), "{text}");
            assert!(text.contains("on 2 hosts"), "{text}");
            assert!(report.counts.starts > 0, "{text}");
            assert!(report.picture().starts_with("<svg"), "{load}");
        }
    }

    #[test]
    fn a_document_without_nodes_says_no_host() {
        let document = RULES.split_once("[[").unwrap().1;
        let failure = pool(rules(&format!("[[{document}")), 1).unwrap_err();
        assert_eq!(failure.code(), Some(Code::RulesRefused));
        assert!(told(&failure).contains("[pool] nodes"), "{failure:?}");
    }

    #[test]
    fn too_many_nodes_are_told_with_the_limit_and_the_most_hosts() {
        let document = RULES.replace("count = 2", "count = 30");
        let failure = pool(rules(&document), 1_000).unwrap_err();
        for words in ["30000", "10000", "at most 333 hosts"] {
            assert!(told(&failure).contains(words), "{words}: {failure:?}");
        }
        assert!(pool(rules(&document), 333).is_ok());
    }

    #[test]
    fn a_picture_that_cannot_be_written_is_told_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none").join("a.svg");
        let failure = draw(&Report::default(), &path).unwrap_err();
        assert_eq!(failure.code(), Some(Code::FileUnwritable));
        assert!(told(&failure).contains("a.svg"), "{failure:?}");
    }
}
