//! Clusters: vertices that must share a node, taken together.

use super::PlaceError;
use crate::{Architecture, Netlist, NodeId, Resources, VertexId};

pub(super) struct Clusters {
    /// Cluster of each vertex.
    pub(super) of: Vec<u32>,
    pub(super) list: Vec<Cluster>,
}

pub(super) struct Cluster {
    /// The first vertex, for messages.
    pub(super) first: VertexId,
    pub(super) vertices: usize,
    pub(super) need: Resources,
    pub(super) fixed: Option<NodeId>,
}

/// Joins vertices into clusters, numbered by their first vertex.
pub(super) fn clusters<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
) -> Result<Clusters, PlaceError> {
    let mut parent: Vec<u32> = (0..netlist.vertices().len() as u32).collect();
    for together in netlist.same_node() {
        for pair in together.windows(2) {
            let (a, b) = (root(&mut parent, pair[0].0), root(&mut parent, pair[1].0));
            // The smaller number wins, so that clusters come in the order of their first vertex.
            parent[a.max(b) as usize] = a.min(b);
        }
    }
    let mut clusters = Clusters {
        of: vec![0; parent.len()],
        list: Vec::new(),
    };
    for vertex in netlist.vertex_ids() {
        let root = root(&mut parent, vertex.0);
        if root == vertex.0 {
            clusters.of[vertex.index()] = clusters.list.len() as u32;
            clusters.list.push(Cluster {
                first: vertex,
                vertices: 0,
                need: Resources::default(),
                fixed: None,
            });
        } else {
            clusters.of[vertex.index()] = clusters.of[root as usize];
        }
        let cluster = &mut clusters.list[clusters.of[vertex.index()] as usize];
        cluster.vertices += 1;
        cluster.need.add(&netlist.vertex(vertex).resources);
    }
    for &(vertex, node) in netlist.fixed() {
        let label = || netlist.vertex(vertex).label.clone();
        if node.index() >= architecture.node_count() || !architecture.is_live(node) {
            let inside = node.index() < architecture.node_count();
            return Err(PlaceError::FixedToDeadNode {
                vertex,
                label: label(),
                node: if inside {
                    architecture.name(node)
                } else {
                    node.to_string()
                },
            });
        }
        let cluster = &mut clusters.list[clusters.of[vertex.index()] as usize];
        match cluster.fixed {
            Some(other) if other != node => {
                return Err(PlaceError::FixedTwice {
                    label: label(),
                    first: architecture.name(other),
                    second: architecture.name(node),
                });
            }
            _ => cluster.fixed = Some(node),
        }
    }
    Ok(clusters)
}

fn root(parent: &mut [u32], mut of: u32) -> u32 {
    while parent[of as usize] != of {
        parent[of as usize] = parent[parent[of as usize] as usize];
        of = parent[of as usize];
    }
    of
}
