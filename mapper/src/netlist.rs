//! The netlist: what has to fit on the machine, and what talks to what.

use crate::{GroupId, NetId, NodeId, Resources, VertexId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What has to fit: vertices with resources, nets with rates, and constraints.
///
/// ```
/// use taproot_mapper::{KeyGroup, Netlist, Resources, Vertex};
/// let mut netlist = Netlist::new();
/// let a = netlist.add_vertex(Vertex::new("a", Resources::new(1, 1024)));
/// let b = netlist.add_vertex(Vertex::new("b", Resources::new(1, 1024)));
/// let net = netlist.add_net(a, &[a, b], 12.5, 8).unwrap();
/// netlist.add_group(KeyGroup::new("population a", vec![net])).unwrap();
/// assert_eq!(netlist.net(net).sinks, [a, b]);
/// ```
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "RawNetlist", into = "RawNetlist")]
pub struct Netlist {
    vertices: Vec<Vertex>,
    // Nets in columns, sinks in compressed rows: the sinks of net n are `sinks[first_sink[n]..first_sink[n + 1]]`.
    sources: Vec<VertexId>,
    weights: Vec<f64>,
    key_bits: Vec<u8>,
    first_sink: Vec<u32>,
    sinks: Vec<VertexId>,
    group_of: Vec<Option<GroupId>>,
    groups: Vec<KeyGroup>,
    same_node: Vec<Vec<VertexId>>,
    fixed: Vec<(VertexId, NodeId)>,
    excluded: Vec<NodeId>,
}

/// Something that is placed: usually a program on one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vertex {
    /// A name for messages: population label and cell range.
    pub label: String,
    /// What it needs. Packets sent to the vertex go to each of its cores.
    pub resources: Resources,
}

impl Vertex {
    /// A vertex from its parts.
    pub fn new(label: impl Into<String>, resources: Resources) -> Self {
        Self {
            label: label.into(),
            resources,
        }
    }
}

/// A net, as seen through its netlist.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Net<'a> {
    /// Where packets start.
    pub source: VertexId,
    /// Where they go, sorted, without duplicates; may be empty, and may contain the source.
    pub sinks: &'a [VertexId],
    /// Expected packets per second (or any other measure of traffic); finite, at least 0.
    pub weight: f64,
    /// The source may send any key whose low `key_bits` bits vary; 0 to 32.
    pub key_bits: u8,
    /// The group it belongs to.
    pub group: Option<GroupId>,
}

/// Nets that lie under one key and mask: on SpiNNaker, those of all cores of one population.
///
/// Member i of the group gets the keys `base | i << shift | anything below shift`, where `shift` is large enough for
/// each member (population index, core index, neuron, colour from high to low bits; the population table of the
/// synapse programs decodes exactly this, `sPyNNaker: population_table.h`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyGroup {
    /// A name for messages: the population's label.
    pub label: String,
    /// Nets in the order of their index.
    pub members: Vec<NetId>,
    /// Keys that something outside fixes, for the group as a whole: the base, whose low bits are the members'.
    pub fixed: Option<FixedKeys>,
}

/// Keys that a device or the user fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedKeys {
    /// Base key of the group.
    pub key: u32,
    /// Mask of the group. Its zero bits must be the low ones.
    pub mask: u32,
}

impl KeyGroup {
    /// A group whose keys the mapper chooses.
    pub fn new(label: impl Into<String>, members: Vec<NetId>) -> Self {
        Self {
            label: label.into(),
            members,
            fixed: None,
        }
    }
}

/// What is wrong with a netlist.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetlistError {
    /// A net, group or constraint names a vertex that is not there.
    #[error("{context} names vertex {vertex}, but the netlist has {vertices} vertices")]
    UnknownVertex {
        /// What names it, such as `net n4`.
        context: String,
        /// The missing vertex.
        vertex: VertexId,
        /// How many there are.
        vertices: usize,
    },
    /// A group names a net that is not there.
    #[error("key group `{group}` names net {net}, but the netlist has {nets} nets")]
    UnknownNet {
        /// The group's label.
        group: String,
        /// The missing net.
        net: NetId,
        /// How many there are.
        nets: usize,
    },
    /// A net is in two groups, or twice in one.
    #[error("net {net} is in key groups `{first}` and `{second}`; it can be in one only, once")]
    TwoGroups {
        /// The net.
        net: NetId,
        /// Label of the group that had it first.
        first: String,
        /// Label of the group that names it again.
        second: String,
    },
    /// A weight is negative, infinite or not a number.
    #[error("net {net} has weight {weight}; a weight is a finite number, 0 or more")]
    Weight {
        /// The net.
        net: NetId,
        /// The weight given.
        weight: f64,
    },
    /// A net needs more key bits than a key has.
    #[error("net {net} needs {bits} key bits, but keys have 32")]
    KeyBits {
        /// The net.
        net: NetId,
        /// Bits asked for.
        bits: u8,
    },
    /// The columns of a netlist file have different lengths.
    #[error("column `{column}` has {length} elements where {expected} are expected")]
    Columns {
        /// Name of the column.
        column: &'static str,
        /// Its length.
        length: usize,
        /// The length that fits the other columns.
        expected: usize,
    },
}

impl Netlist {
    /// An empty netlist.
    pub fn new() -> Self {
        Self {
            first_sink: vec![0],
            ..Self::default()
        }
    }

    /// Adds a vertex.
    pub fn add_vertex(&mut self, vertex: Vertex) -> VertexId {
        let id = VertexId::new(self.vertices.len());
        self.vertices.push(vertex);
        id
    }

    /// Adds a net that sends any key with `key_bits` free low bits. Duplicate sinks are merged.
    pub fn add_net(
        &mut self,
        source: VertexId,
        sinks: &[VertexId],
        weight: f64,
        key_bits: u8,
    ) -> Result<NetId, NetlistError> {
        let net = NetId::new(self.sources.len());
        for &vertex in std::iter::once(&source).chain(sinks) {
            self.known(vertex, || format!("net {net}"))?;
        }
        if !weight.is_finite() || weight < 0.0 {
            return Err(NetlistError::Weight { net, weight });
        }
        if key_bits > 32 {
            return Err(NetlistError::KeyBits { net, bits: key_bits });
        }
        if self.first_sink.is_empty() {
            self.first_sink.push(0);
        }
        let start = self.sinks.len();
        self.sinks.extend_from_slice(sinks);
        self.sinks[start..].sort_unstable();
        let mut kept = start;
        for index in start..self.sinks.len() {
            if kept == start || self.sinks[kept - 1] != self.sinks[index] {
                self.sinks[kept] = self.sinks[index];
                kept += 1;
            }
        }
        self.sinks.truncate(kept);
        self.first_sink
            .push(u32::try_from(kept).expect("a netlist has fewer than 2^32 sinks"));
        self.sources.push(source);
        self.weights.push(weight);
        self.key_bits.push(key_bits);
        self.group_of.push(None);
        Ok(net)
    }

    /// Puts nets under one key and mask. A net that is in no group gets keys of its own.
    pub fn add_group(&mut self, group: KeyGroup) -> Result<GroupId, NetlistError> {
        let id = GroupId::new(self.groups.len());
        let mut members = group.members.clone();
        members.sort_unstable();
        for pair in members.windows(2) {
            if pair[0] == pair[1] {
                return Err(NetlistError::TwoGroups {
                    net: pair[0],
                    first: group.label.clone(),
                    second: group.label,
                });
            }
        }
        for &net in &members {
            match self.group_of.get(net.index()) {
                None => {
                    return Err(NetlistError::UnknownNet {
                        group: group.label,
                        net,
                        nets: self.sources.len(),
                    });
                }
                Some(Some(other)) => {
                    return Err(NetlistError::TwoGroups {
                        net,
                        first: self.groups[other.index()].label.clone(),
                        second: group.label,
                    });
                }
                Some(None) => {}
            }
        }
        for net in members {
            self.group_of[net.index()] = Some(id);
        }
        self.groups.push(group);
        Ok(id)
    }

    /// Demands that vertices share a node. A vertex may be in several such lists; they are then joined.
    pub fn add_same_node(&mut self, vertices: Vec<VertexId>) -> Result<(), NetlistError> {
        for &vertex in &vertices {
            self.known(vertex, || "a same-node constraint".to_owned())?;
        }
        self.same_node.push(vertices);
        Ok(())
    }

    /// Demands that a vertex is placed on a node.
    pub fn fix(&mut self, vertex: VertexId, node: NodeId) -> Result<(), NetlistError> {
        self.known(vertex, || "a fixed place".to_owned())?;
        self.fixed.push((vertex, node));
        Ok(())
    }

    /// Forbids a node to every vertex that is not fixed there. Routes may still pass.
    pub fn exclude(&mut self, node: NodeId) {
        self.excluded.push(node);
    }

    /// All vertices.
    pub fn vertices(&self) -> &[Vertex] {
        &self.vertices
    }

    /// One vertex. Panics if the netlist has no such vertex.
    pub fn vertex(&self, id: VertexId) -> &Vertex {
        &self.vertices[id.index()]
    }

    /// Ids of all vertices.
    pub fn vertex_ids(&self) -> impl ExactSizeIterator<Item = VertexId> + use<> {
        (0..self.vertices.len()).map(VertexId::new)
    }

    /// How many nets.
    pub fn net_count(&self) -> usize {
        self.sources.len()
    }

    /// One net. Panics if the netlist has no such net.
    pub fn net(&self, id: NetId) -> Net<'_> {
        let n = id.index();
        Net {
            source: self.sources[n],
            sinks: &self.sinks[self.first_sink[n] as usize..self.first_sink[n + 1] as usize],
            weight: self.weights[n],
            key_bits: self.key_bits[n],
            group: self.group_of[n],
        }
    }

    /// Ids of all nets.
    pub fn net_ids(&self) -> impl ExactSizeIterator<Item = NetId> + use<> {
        (0..self.sources.len()).map(NetId::new)
    }

    /// All nets with their ids.
    pub fn nets(&self) -> impl ExactSizeIterator<Item = (NetId, Net<'_>)> {
        self.net_ids().map(|id| (id, self.net(id)))
    }

    /// Key groups.
    pub fn groups(&self) -> &[KeyGroup] {
        &self.groups
    }

    /// Lists of vertices that share a node.
    pub fn same_node(&self) -> &[Vec<VertexId>] {
        &self.same_node
    }

    /// Vertices with a fixed node.
    pub fn fixed(&self) -> &[(VertexId, NodeId)] {
        &self.fixed
    }

    /// Nodes that only fixed vertices may use.
    pub fn excluded(&self) -> &[NodeId] {
        &self.excluded
    }

    fn known(&self, vertex: VertexId, context: impl FnOnce() -> String) -> Result<(), NetlistError> {
        if vertex.index() < self.vertices.len() {
            return Ok(());
        }
        Err(NetlistError::UnknownVertex {
            context: context(),
            vertex,
            vertices: self.vertices.len(),
        })
    }
}

impl fmt::Display for Netlist {
    /// One line for each vertex, net, group and constraint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for id in self.vertex_ids() {
            let vertex = self.vertex(id);
            writeln!(f, "vertex {id} `{}`: {}", vertex.label, vertex.resources)?;
        }
        for (id, net) in self.nets() {
            write!(f, "net {id}: {} ->", net.source)?;
            for sink in net.sinks {
                write!(f, " {sink}")?;
            }
            writeln!(f, ", weight {}, {} key bits", net.weight, net.key_bits)?;
        }
        for (index, group) in self.groups.iter().enumerate() {
            write!(f, "group {} `{}`:", GroupId::new(index), group.label)?;
            for net in &group.members {
                write!(f, " {net}")?;
            }
            if let Some(fixed) = group.fixed {
                write!(f, ", fixed to {:#010x}/{:#010x}", fixed.key, fixed.mask)?;
            }
            writeln!(f)?;
        }
        for vertices in &self.same_node {
            write!(f, "same node:")?;
            for vertex in vertices {
                write!(f, " {vertex}")?;
            }
            writeln!(f)?;
        }
        for (vertex, node) in &self.fixed {
            writeln!(f, "fixed: {vertex} on {node}")?;
        }
        for node in &self.excluded {
            writeln!(f, "excluded: {node}")?;
        }
        Ok(())
    }
}

/// A netlist as a file has it, before it is checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNetlist {
    vertices: Vec<Vertex>,
    sources: Vec<VertexId>,
    sinks: Vec<Vec<VertexId>>,
    weights: Vec<f64>,
    key_bits: Vec<u8>,
    groups: Vec<KeyGroup>,
    same_node: Vec<Vec<VertexId>>,
    fixed: Vec<(VertexId, NodeId)>,
    excluded: Vec<NodeId>,
}

impl From<Netlist> for RawNetlist {
    fn from(netlist: Netlist) -> Self {
        let sinks = netlist.nets().map(|(_, net)| net.sinks.to_vec()).collect();
        Self {
            sinks,
            vertices: netlist.vertices,
            sources: netlist.sources,
            weights: netlist.weights,
            key_bits: netlist.key_bits,
            groups: netlist.groups,
            same_node: netlist.same_node,
            fixed: netlist.fixed,
            excluded: netlist.excluded,
        }
    }
}

impl TryFrom<RawNetlist> for Netlist {
    type Error = NetlistError;

    fn try_from(raw: RawNetlist) -> Result<Self, NetlistError> {
        let nets = raw.sources.len();
        for (column, length) in [
            ("sinks", raw.sinks.len()),
            ("weights", raw.weights.len()),
            ("key_bits", raw.key_bits.len()),
        ] {
            if length != nets {
                return Err(NetlistError::Columns {
                    column,
                    length,
                    expected: nets,
                });
            }
        }
        let mut netlist = Netlist::new();
        netlist.vertices = raw.vertices;
        for net in 0..nets {
            netlist.add_net(
                raw.sources[net],
                &raw.sinks[net],
                raw.weights[net],
                raw.key_bits[net],
            )?;
        }
        for group in raw.groups {
            netlist.add_group(group)?;
        }
        for vertices in raw.same_node {
            netlist.add_same_node(vertices)?;
        }
        for (vertex, node) in raw.fixed {
            netlist.fix(vertex, node)?;
        }
        netlist.excluded = raw.excluded;
        Ok(netlist)
    }
}
