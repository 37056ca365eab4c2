//! Netlists and machines for tests.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use taproot_mapper::{
    Architecture, HexMesh, KeyGroup, NetId, Netlist, NodeId, Port, Resources, Vertex, VertexId,
};

/// A small generator of numbers for tests; the mapper's own is not used, so that they share nothing.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, bound: usize) -> usize {
        // xorshift64 (Marsaglia 2003)
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    pub fn new(seed: u64) -> Self {
        let mut numbers = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            numbers.below(1);
        }
        numbers
    }
}

pub fn mesh(width: u16, height: u16, torus: bool) -> HexMesh {
    HexMesh::new(width, height, torus, Resources::new(16, 100 << 20), 1023)
}

/// A machine with about one node and one link in `one_in` dead.
pub fn damage(machine: &mut HexMesh, one_in: usize, numbers: &mut Numbers) {
    for node in (0..machine.node_count()).map(NodeId::new) {
        if numbers.below(one_in) == 0 {
            machine.kill_node(node);
        }
        for port in (0..6).map(Port) {
            if numbers.below(one_in) == 0 {
                machine.kill_link(node, port);
            }
        }
    }
}

/// One-core vertices, each with a net to `fan_out` others nearby in number, in groups of `group`.
pub fn local(vertices: usize, fan_out: usize, reach: usize, group: usize, numbers: &mut Numbers) -> Netlist {
    let mut netlist = Netlist::new();
    let ids: Vec<VertexId> = (0..vertices)
        .map(|n| netlist.add_vertex(Vertex::new(format!("vertex {n}"), Resources::new(1, 1 << 20))))
        .collect();
    let mut nets: Vec<NetId> = Vec::new();
    for n in 0..vertices {
        let sinks: Vec<VertexId> = (0..fan_out)
            .map(|_| ids[(n + vertices + numbers.below(2 * reach + 1) - reach.min(n + vertices)) % vertices])
            .collect();
        let weight = 1.0 + numbers.below(100) as f64;
        nets.push(
            netlist
                .add_net(ids[n], &sinks, weight, numbers.below(12) as u8)
                .unwrap(),
        );
    }
    for (index, members) in nets.chunks(group).enumerate() {
        netlist
            .add_group(KeyGroup::new(format!("group {index}"), members.to_vec()))
            .unwrap();
    }
    netlist
}

/// Nodes that can be reached from `from` over live links.
pub fn reachable<A: Architecture>(machine: &A, from: NodeId) -> Vec<bool> {
    let mut seen = vec![false; machine.node_count()];
    let mut stack = vec![from];
    seen[from.index()] = true;
    while let Some(node) = stack.pop() {
        for port in (0..machine.ports()).map(Port) {
            if let Some((to, _)) = machine.follow(node, port)
                && !std::mem::replace(&mut seen[to.index()], true)
            {
                stack.push(to);
            }
        }
    }
    seen
}

/// Links from `from` to every node over live links; none where there is no path.
pub fn breadth_first<A: Architecture>(machine: &A, from: NodeId) -> Vec<Option<u32>> {
    let mut distance = vec![None; machine.node_count()];
    distance[from.index()] = Some(0);
    let mut wave = vec![from];
    let mut length = 0;
    while !wave.is_empty() {
        length += 1;
        let mut next = Vec::new();
        for node in wave {
            for port in (0..machine.ports()).map(Port) {
                if let Some((to, _)) = machine.follow(node, port)
                    && distance[to.index()].is_none()
                {
                    distance[to.index()] = Some(length);
                    next.push(to);
                }
            }
        }
        wave = next;
    }
    distance
}
