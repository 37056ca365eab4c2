//! Runs the text cases under `tests/cases`. A case is a `##` heading, prose, and fenced blocks: one input, then what is
//! expected of it. How inputs are written is in `tests/cases/README.md`.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use taproot_mapper::{
    Architecture, HexMesh, KeyGroup, KeyMask, KeyOptions, NetId, Netlist, NodeId, NodeTable, PlaceOptions,
    Port, Position, Resources, TableEntry, Targets, Vertex, VertexId, allocate_keys, build_tables,
    minimise_table, place, route,
};

#[test]
fn text_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "md") && !path.ends_with("README.md"));
    files.sort();
    let (mut count, mut failures) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (title, blocks) in cases(&text) {
            let ((kind, input), expected) = blocks.split_first().expect("a case has an input block");
            assert!(!expected.is_empty(), "case `{title}` expects nothing");
            for (feature, expected) in expected {
                count += 1;
                let got = check(kind, input, feature);
                if got.trim_end() != expected.trim_end() {
                    failures.push(format!(
                        "{title}: {feature}\n--- expected\n{expected}--- got\n{got}"
                    ));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count} differ\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(count >= 20, "the runner finds its cases");
}

/// A fenced block: its kind and its text.
type Block = (String, String);

fn cases(text: &str) -> Vec<(String, Vec<Block>)> {
    let mut cases: Vec<(String, Vec<Block>)> = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => cases.last_mut().unwrap().1.extend(open.take()),
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, Some(kind)) => open = Some((kind.trim().to_owned(), String::new())),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    cases.push((title.to_owned(), Vec::new()));
                }
            }
        }
    }
    cases
}

/// What a feature makes of an input, as text; an error is its message.
fn check(kind: &str, input: &str, feature: &str) -> String {
    match kind {
        "netlist" => Case::parse(input)
            .run(feature)
            .unwrap_or_else(|error| format!("error: {error}\n")),
        "table" => {
            let (table, names) = table(input);
            assert_eq!(feature, "minimised");
            show_table(&minimise_table(&table), &names)
        }
        other => panic!("unknown input `{other}`"),
    }
}

struct Case {
    machine: HexMesh,
    netlist: Netlist,
    names: Vec<String>,
    keys: KeyOptions,
}

impl Case {
    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let mut case = Self {
            machine: machine(lines.next().expect("a machine line")),
            netlist: Netlist::new(),
            names: Vec::new(),
            keys: KeyOptions::default(),
        };
        let mut nets: BTreeMap<String, NetId> = BTreeMap::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let (word, rest) = line.split_once(' ').expect("a word and the rest");
            let mut parts = rest.split(", ");
            let subject = parts.next().unwrap();
            match word {
                "vertex" => {
                    let mut need = Resources::new(1, 0);
                    for part in parts {
                        let (amount, what) = part.split_once(' ').unwrap();
                        match what {
                            "cores" => need.cores = amount.parse().unwrap(),
                            "bytes" => need.sdram = amount.parse().unwrap(),
                            other => panic!("unknown resource `{other}`"),
                        }
                    }
                    case.vertex(subject, need);
                }
                "net" => {
                    let (source, sinks) = subject.split_once(" ->").expect("an arrow");
                    let name = source.split('@').next().unwrap().to_owned();
                    let source = case.vertex(source, Resources::new(1, 0));
                    let sinks: Vec<VertexId> = sinks
                        .split_whitespace()
                        .map(|sink| case.vertex(sink, Resources::new(1, 0)))
                        .collect();
                    let (mut weight, mut bits) = (1.0, 0);
                    for part in parts {
                        match part.split_once(' ').unwrap() {
                            ("weight", value) => weight = value.parse().unwrap(),
                            (value, "bits") => bits = value.parse().unwrap(),
                            other => panic!("unknown property {other:?}"),
                        }
                    }
                    nets.insert(name, case.netlist.add_net(source, &sinks, weight, bits).unwrap());
                }
                "group" => {
                    let (label, members) = subject.split_once(": ").expect("members");
                    let members = members.split(' ').map(|name| nets[name]).collect();
                    let mut group = KeyGroup::new(label, members);
                    for part in parts {
                        let fixed = key_mask(part.strip_prefix("fixed ").expect("fixed keys"));
                        group.fixed = Some(taproot_mapper::FixedKeys {
                            key: fixed.key,
                            mask: fixed.mask,
                        });
                    }
                    case.netlist.add_group(group).unwrap();
                }
                "together" => {
                    let list = subject
                        .split(' ')
                        .map(|name| case.vertex(name, Resources::default()))
                        .collect();
                    case.netlist.add_same_node(list).unwrap();
                }
                "exclude" => {
                    let node = node(&case.machine, subject);
                    case.netlist.exclude(node);
                }
                "reserve" => case.keys.reserved.push(key_mask(subject)),
                other => panic!("unknown line `{other}`"),
            }
        }
        case
    }

    /// The vertex with a name, made if there is none yet; `name@(x,y)` fixes it.
    fn vertex(&mut self, text: &str, need: Resources) -> VertexId {
        let (name, place) = text
            .split_once('@')
            .map_or((text, None), |(name, place)| (name, Some(place)));
        let index = self
            .names
            .iter()
            .position(|other| other == name)
            .unwrap_or_else(|| {
                self.names.push(name.to_owned());
                self.netlist.add_vertex(Vertex::new(name, need)).index()
            });
        let id = VertexId::new(index);
        if let Some(place) = place {
            let node = node(&self.machine, place);
            self.netlist.fix(id, node).unwrap();
        }
        id
    }

    fn run(&self, feature: &str) -> Result<String, Box<dyn std::error::Error>> {
        let machine = &self.machine;
        let mut out = String::new();
        if feature == "keys" {
            let keys = allocate_keys(&self.netlist, &self.keys)?;
            for (group, keys) in self.netlist.groups().iter().zip(&keys.groups) {
                out += &format!("{}: {}, index at bit {}\n", group.label, keys.block, keys.shift);
            }
            for (id, net) in self.netlist.nets() {
                out += &format!("{}: {}\n", self.names[net.source.index()], keys.net(id));
            }
            return Ok(out);
        }
        let placement = place(machine, &self.netlist, &PlaceOptions::default())?;
        if feature == "placement" {
            for (name, vertex) in self.names.iter().zip(self.netlist.vertex_ids()) {
                let node = machine.name(placement.node(vertex));
                out += &format!("{name}: {node} slot {}\n", placement.first_slot[vertex.index()]);
            }
            return Ok(out);
        }
        let routes = route(machine, &self.netlist, &placement)?;
        if feature == "routes" {
            for (id, net) in self.netlist.nets() {
                out += &format!("{}:", self.names[net.source.index()]);
                let tree = routes.tree(id);
                let mut at = None;
                for hop in tree.hops {
                    if at != Some(hop.from) {
                        out += &format!(" {}", machine.name(hop.from));
                    }
                    out += &format!(" {} {}", machine.port_name(hop.port), machine.name(hop.to));
                    at = Some(hop.to);
                }
                out += "\n";
            }
            return Ok(out);
        }
        assert_eq!(feature, "tables");
        let keys = allocate_keys(&self.netlist, &self.keys)?;
        for table in build_tables(machine, &self.netlist, &placement, &routes, &keys).tables {
            for (entries, note) in [(&table.entries, ""), (&table.by_default, ", by default")] {
                for entry in entries {
                    let ports = entry.targets.ports().map(|port| machine.port_name(port));
                    let slots = entry.targets.slots().map(|slot| format!("slot {slot}"));
                    let mut targets = ports.chain(slots).collect::<Vec<_>>().join(" ");
                    if targets.is_empty() {
                        targets.push_str("nowhere");
                    }
                    out += &format!("{} {}: {targets}{note}\n", machine.name(table.node), entry.keys);
                }
            }
        }
        Ok(out)
    }
}

/// `machine 4x3 torus, 2 cores, 9 entries, dead (1,1), dead (0,0) east`
fn machine(line: &str) -> HexMesh {
    let mut parts = line.strip_prefix("machine ").expect("a machine line").split(", ");
    let shape = parts.next().unwrap();
    let (size, torus) = shape
        .strip_suffix(" torus")
        .map_or((shape, false), |size| (size, true));
    let (width, height) = size.split_once('x').expect("width and height");
    let mut capacity = Resources::new(16, 100);
    let mut entries = 1023;
    let mut dead = Vec::new();
    for part in parts {
        match part.split_once(' ').expect("two words") {
            ("dead", place) => dead.push(place),
            (count, "cores") => capacity.cores = count.parse().unwrap(),
            (count, "entries") => entries = count.parse().unwrap(),
            other => panic!("unknown property {other:?}"),
        }
    }
    let mut machine = HexMesh::new(
        width.parse().unwrap(),
        height.parse().unwrap(),
        torus,
        capacity,
        entries,
    );
    for place in dead {
        match place.split_once(' ') {
            None => machine.kill_node(node(&machine, place)),
            Some((at, link)) => {
                let port = (0..6)
                    .map(Port)
                    .find(|port| machine.port_name(*port) == link)
                    .expect("a link's name");
                machine.kill_link(node(&machine, at), port);
            }
        }
    }
    machine
}

/// `(4,7)`
fn node(machine: &HexMesh, text: &str) -> NodeId {
    let inner = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .expect("parentheses");
    let (x, y) = inner.split_once(',').expect("two coordinates");
    let position = Position {
        x: x.parse().unwrap(),
        y: y.parse().unwrap(),
    };
    machine.node_at(position).expect("a node of the machine")
}

/// `0x00001000/0xfffff000`
fn key_mask(text: &str) -> KeyMask {
    let (key, mask) = text.split_once('/').expect("key and mask");
    let number = |text: &str| u32::from_str_radix(text.strip_prefix("0x").expect("0x"), 16).unwrap();
    KeyMask {
        key: number(key),
        mask: number(mask),
    }
}

/// Lines such as `01XX -> a`, where the target is any word, and `0000 -> b, by default`.
fn table(text: &str) -> (NodeTable, Vec<String>) {
    let mut names: Vec<String> = Vec::new();
    let mut table = NodeTable {
        node: NodeId(0),
        entries: Vec::new(),
        by_default: Vec::new(),
    };
    for line in text.lines() {
        let (pattern, rest) = line.split_once(" -> ").expect("an arrow");
        let (target, default) = rest
            .strip_suffix(", by default")
            .map_or((rest, false), |target| (target, true));
        let mut keys = KeyMask {
            key: 0,
            mask: u32::MAX << pattern.len(),
        };
        for digit in pattern.chars() {
            // The bits above the pattern stay ones in the mask.
            keys.key <<= 1;
            keys.mask = keys.mask << 1 | u32::from(digit != 'X');
            keys.key |= u32::from(digit == '1');
        }
        keys.mask |= u32::MAX << pattern.len();
        let port = names.iter().position(|name| name == target).unwrap_or_else(|| {
            names.push(target.to_owned());
            names.len() - 1
        });
        let entry = TableEntry {
            keys,
            targets: Targets {
                ports: 1 << port,
                slots: 0,
            },
        };
        if default {
            table.by_default.push(entry)
        } else {
            table.entries.push(entry)
        }
    }
    (table, names)
}

/// Patterns of four bits.
fn show_table(table: &NodeTable, names: &[String]) -> String {
    let mut out = String::new();
    for entry in &table.entries {
        for bit in (0..4).rev() {
            out.push(match (entry.keys.mask >> bit & 1, entry.keys.key >> bit & 1) {
                (0, _) => 'X',
                (_, 0) => '0',
                _ => '1',
            });
        }
        out += &format!(" -> {}\n", names[entry.targets.ports.trailing_zeros() as usize]);
    }
    out
}
