//! The connection against scripts: what is sent, when, and what is made of the answers.

use std::{sync::Arc, time::Duration};
use taproot_host::{
    Clock, Job, Outcome, Patience, Question, Quiet, Scp, ScpError,
    fake::{Exchange, FakeClock, ScriptedTransport},
};
use taproot_spinnaker::wire::command::Command;
use taproot_spinnaker_chip::ChipXy;

const MS: Duration = Duration::from_millis(1);

/// VER to chip (1,2), written out by hand: pad, flags 0x87, tag 0xff, core 0, host 0xff, y, x, source, command 0,
/// sequence, arguments.
fn version_request(sequence: u8) -> Vec<u8> {
    let mut packet = vec![0, 0, 0x87, 0xff, 0x00, 0xff, 2, 1, 0, 0, 0, 0, sequence, 0];
    packet.extend([0; 12]);
    packet
}

fn reply(sequence: u8, code: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0, 0, 0x07, 0xff, 0xff, 0x00, 0, 0, 2, 1, code, 0, sequence, 0];
    packet.extend_from_slice(body);
    packet
}

fn question() -> Question {
    Question::Monitor(ChipXy::new(1, 2), Command::Version)
}

fn connection(script: Vec<Exchange>) -> (Scp, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::new());
    let transport = ScriptedTransport::new(clock.clone(), script);
    let mut scp = Scp::new(Box::new(transport), clock.clone(), 2);
    scp.patience = Patience {
        timeout: 100 * MS,
        timeout_largest: 300 * MS,
        attempts: 4,
    };
    (scp, clock)
}

fn step(expected: Vec<u8>, replies: Vec<(Duration, Vec<u8>)>) -> Exchange {
    Exchange { expected, replies }
}

#[test]
fn an_unanswered_request_is_repeated_with_longer_and_longer_waits() {
    let lost = || step(version_request(1), vec![]);
    let (mut scp, clock) = connection(vec![
        lost(),
        lost(),
        lost(),
        step(version_request(1), vec![(5 * MS, reply(1, 0x80, b"here"))]),
    ]);
    assert_eq!(scp.ask(question()).unwrap().body, b"here");
    // 100, 200, then the limit of 300.
    assert_eq!(clock.now(), 605 * MS);
    assert_eq!(scp.statistics().timeouts, 3);
}

#[test]
fn a_board_that_never_answers_is_an_error_that_names_the_command() {
    let (mut scp, _) = connection(vec![step(version_request(1), vec![]); 4]);
    let error = scp.ask(question()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "chip (1,2), core 0 of the board at a script did not answer VER: 4 attempts in 0.9 s"
    );
}

#[test]
fn a_refusal_says_why() {
    let (mut scp, _) = connection(vec![step(version_request(1), vec![(MS, reply(1, 0x83, b""))])]);
    let error = scp.ask(question()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "chip (1,2), core 0 of the board at a script refused VER: the command is unknown there (code 0x83)"
    );
}

#[test]
fn a_busy_machine_is_asked_again_after_a_pause() {
    let (mut scp, clock) = connection(vec![
        step(version_request(1), vec![(MS, reply(1, 0x8d, b""))]),
        step(version_request(1), vec![(MS, reply(1, 0x80, b"ok"))]),
    ]);
    assert_eq!(scp.ask(question()).unwrap().body, b"ok");
    assert_eq!(clock.now(), 22 * MS);
    assert_eq!(scp.statistics().busy, 1);
}

#[test]
fn answers_that_belong_to_nothing_are_dropped() {
    let (mut scp, _) = connection(vec![step(
        version_request(1),
        vec![
            (MS, vec![1, 2, 3]),
            (2 * MS, reply(77, 0x80, b"foreign")),
            (3 * MS, reply(1, 0x80, b"mine")),
            (3 * MS, reply(1, 0x80, b"mine")),
        ],
    )]);
    assert_eq!(scp.ask(question()).unwrap().body, b"mine");
    assert_eq!(scp.statistics().strays, 2);
}

#[test]
fn no_more_requests_are_outstanding_than_the_window_holds_and_answers_may_come_in_any_order() {
    // Window 2: the third request goes out when the second has been answered.
    let (mut scp, _) = connection(vec![
        step(version_request(1), vec![(9 * MS, reply(1, 0x80, b"one"))]),
        step(version_request(2), vec![(2 * MS, reply(2, 0x80, b"two"))]),
        step(version_request(3), vec![(2 * MS, reply(3, 0x80, b"three"))]),
    ]);
    let jobs = [Job::Ask(question()), Job::Ask(question()), Job::Ask(question())];
    let numbered: Vec<(usize, &Job<'_>)> = jobs.iter().enumerate().collect();
    let outcomes = scp.perform(&numbered, &mut |_| (), &Quiet).unwrap();
    let bodies: Vec<&[u8]> = outcomes.iter().map(|(_, outcome)| outcome.body()).collect();
    assert_eq!(bodies, [&b"one"[..], b"two", b"three"]);
}

#[test]
fn a_read_whose_answer_is_too_short_is_an_error() {
    let mut request = vec![0, 0, 0x87, 0xff, 0x00, 0xff, 2, 1, 0, 0, 2, 0, 1, 0];
    for word in [0x6000_0000u32, 8, 2] {
        request.extend(word.to_le_bytes());
    }
    let (mut scp, _) = connection(vec![step(request, vec![(MS, reply(1, 0x80, &[1, 2, 3]))])]);
    let job = Job::Read {
        chip: ChipXy::new(1, 2),
        address: 0x6000_0000,
        length: 8,
    };
    let error = scp.perform(&[(0, &job)], &mut |_| (), &Quiet).unwrap_err();
    assert!(matches!(error, ScpError::Malformed { .. }), "{error}");
}

#[test]
fn a_read_of_600_bytes_is_three_requests_in_the_widest_unit() {
    let request = |sequence: u8, address: u32, length: u32| {
        let mut request = vec![0, 0, 0x87, 0xff, 0x00, 0xff, 2, 1, 0, 0, 2, 0, sequence, 0];
        for word in [address, length, 2] {
            request.extend(word.to_le_bytes());
        }
        request
    };
    let (mut scp, _) = connection(vec![
        step(
            request(1, 0x6000_0000, 256),
            vec![(3 * MS, reply(1, 0x80, &[1; 256]))],
        ),
        step(
            request(2, 0x6000_0100, 256),
            vec![(MS, reply(2, 0x80, &[2; 256]))],
        ),
        step(request(3, 0x6000_0200, 88), vec![(MS, reply(3, 0x80, &[3; 88]))]),
    ]);
    let job = Job::Read {
        chip: ChipXy::new(1, 2),
        address: 0x6000_0000,
        length: 600,
    };
    let mut moved = 0;
    let outcomes = scp
        .perform(&[(0, &job)], &mut |bytes| moved += bytes, &Quiet)
        .unwrap();
    let Outcome::Data(data) = &outcomes[0].1 else {
        panic!("data")
    };
    assert_eq!((data[0], data[256], data[599], data.len()), (1, 2, 3, 600));
    assert_eq!(moved, 600);
}
