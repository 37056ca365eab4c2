//! What each verb does. Each returns whether the answer is yes.

mod board;
mod emulate;
mod firmware;
mod map;
mod replay;
mod run;

use crate::{
    arguments::{Arguments, Verb},
    failure::Failure,
};

/// Carries out a verb; whether the answer is yes.
pub(crate) fn run(arguments: Arguments) -> Result<bool, Failure> {
    let json = arguments.json;
    match arguments.verb {
        Verb::Run(run) => run::run(&run, json),
        Verb::Map(map) => map::map(&map, json),
        Verb::Check { directory } => map::check(&directory, json),
        Verb::Emulate(emulate) => match &emulate.replay {
            Some(trace) => replay::replay(trace, &emulate, json),
            None => emulate::emulate(&emulate, json),
        },
        Verb::Boot { host, again } => board::boot(&host, again, json),
        Verb::Info { host } => board::info(&host, json),
        Verb::Ps { host, all } => board::ps(&host, all, json),
        Verb::Iobuf { host, x, y, p } => board::iobuf(&host, x, y, p, json),
        Verb::Firmware { action } => firmware::firmware(action, json),
    }
}
