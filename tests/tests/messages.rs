//! The pinned dictionary of messages.

use taproot_spinnaker::wire::{iobuf, messages::Message};
use taproot_tests::firmware;

#[test]
fn the_pinned_dictionary_is_read_whole() {
    let Some(files) = firmware() else { return };
    let messages = files.messages();
    // Numbers and texts as SQLite itself reads them: `select * from log natural join file`.
    assert_eq!(messages.len(), 1133);
    let message = |level, file: &str, line, text: &str| Message {
        level,
        file: file.into(),
        line,
        text: text.into(),
    };
    for (id, known) in [
        (
            1,
            message(20, "profiler.c", 35, "Reading profile setup from 0x%08x"),
        ),
        (
            44,
            message(40, "malloc_extras.c", 90, "Failed to malloc %u bytes.\\n"),
        ),
        (
            370,
            message(20, "spike_source_poisson.c", 517, "\\tseed = %u %u %u %u"),
        ),
    ] {
        assert_eq!(messages.get(id), Some(&known));
    }
    assert_eq!(messages.get(0), None);
    assert_eq!(messages.get(1134), None);
    // Every text has a place for each argument that its core would print.
    for id in 1..=1133 {
        let places = messages.get(id).unwrap().text.matches('%').count();
        let line = format!("{id}{}", "\u{1e}7".repeat(places));
        let decoded = messages.decode(iobuf::lines(line.as_bytes()).remove(0));
        assert!(matches!(decoded, iobuf::Line::Text(_)), "{decoded}");
    }
}
