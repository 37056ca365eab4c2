//! The constructive start: clusters in breadth-first order, nodes along a Hilbert curve.

use super::cluster::Clusters;
use super::{PlaceError, State};
use crate::grid::Grid;
use crate::{Architecture, Netlist, NodeId, Resources};
use std::collections::VecDeque;

pub(super) fn start<A: Architecture + ?Sized>(
    architecture: &A,
    grid: &Grid,
    netlist: &Netlist,
    clusters: &Clusters,
) -> Result<State, PlaceError> {
    let mut state = State {
        node: vec![u32::MAX; clusters.list.len()],
        free: (0..grid.nodes)
            .map(|n| architecture.capacity(NodeId::new(n)))
            .collect(),
        open: largest_component(grid),
    };
    for node in netlist.excluded() {
        if let Some(open) = state.open.get_mut(node.index()) {
            *open = false;
        }
    }
    place_fixed(architecture, clusters, &mut state)?;
    enough(clusters, &state)?;
    let curve: Vec<u32> = hilbert_order(grid)
        .into_iter()
        .filter(|node| state.open[*node as usize])
        .collect();
    // Nodes before this position of the curve have no core left; clusters without cores may still go anywhere.
    let mut full = 0;
    for cluster in breadth_first(netlist, clusters) {
        let need = &clusters.list[cluster as usize].need;
        while full < curve.len() && state.free[curve[full] as usize].cores == 0 {
            full += 1;
        }
        let first = if need.cores == 0 { 0 } else { full };
        let Some(&node) = curve[first..]
            .iter()
            .find(|node| state.free[**node as usize].covers(need))
        else {
            return Err(no_place(netlist, clusters, cluster, architecture, &curve));
        };
        state.free[node as usize].subtract(need);
        state.node[cluster as usize] = node;
    }
    Ok(state)
}

/// Of a machine that has fallen apart, the part with the most nodes (of several, the first), since vertices in different
/// parts cannot talk. Fixed vertices may be elsewhere; whether they can be reached is for the router to find out.
fn largest_component(grid: &Grid) -> Vec<bool> {
    let mut part = vec![u32::MAX; grid.nodes];
    let mut sizes: Vec<u32> = Vec::new();
    for first in (0..grid.nodes as u32).filter(|node| grid.live[*node as usize]) {
        if part[first as usize] != u32::MAX {
            continue;
        }
        let number = sizes.len() as u32;
        sizes.push(0);
        part[first as usize] = number;
        let mut stack = vec![first];
        while let Some(node) = stack.pop() {
            sizes[number as usize] += 1;
            for next in (0..grid.ports).filter_map(|port| grid.neighbour(node, port)) {
                if part[next as usize] == u32::MAX {
                    part[next as usize] = number;
                    stack.push(next);
                }
            }
        }
    }
    let largest = (0..sizes.len()).rev().max_by_key(|number| sizes[*number]);
    part.into_iter()
        .map(|number| number != u32::MAX && Some(number as usize) == largest)
        .collect()
}

fn place_fixed<A: Architecture + ?Sized>(
    architecture: &A,
    clusters: &Clusters,
    state: &mut State,
) -> Result<(), PlaceError> {
    for (index, cluster) in clusters.list.iter().enumerate() {
        let Some(node) = cluster.fixed else { continue };
        let free = &mut state.free[node.index()];
        if !free.covers(&cluster.need) {
            let mut need = Resources::default();
            for other in clusters.list.iter().filter(|other| other.fixed == Some(node)) {
                need.add(&other.need);
            }
            return Err(PlaceError::FixedTooLarge {
                node: architecture.name(node),
                need: Box::new(need),
                has: Box::new(architecture.capacity(node)),
            });
        }
        free.subtract(&cluster.need);
        state.node[index] = node.0;
    }
    Ok(())
}

/// The sums: what is not fixed against what is left of open nodes.
fn enough(clusters: &Clusters, state: &State) -> Result<(), PlaceError> {
    let (mut cores, mut sdram) = (0u64, 0u64);
    for cluster in clusters.list.iter().filter(|cluster| cluster.fixed.is_none()) {
        cores += u64::from(cluster.need.cores);
        sdram = sdram.saturating_add(cluster.need.sdram);
    }
    let (mut all_cores, mut all_sdram) = (0u64, 0u64);
    for (free, _) in state.free.iter().zip(&state.open).filter(|(_, open)| **open) {
        all_cores += u64::from(free.cores);
        all_sdram = all_sdram.saturating_add(free.sdram);
    }
    if cores > all_cores {
        return Err(PlaceError::NotEnoughCores {
            needed: cores,
            available: all_cores,
        });
    }
    if sdram > all_sdram {
        return Err(PlaceError::NotEnoughMemory {
            needed: sdram,
            available: all_sdram,
        });
    }
    Ok(())
}

fn no_place<A: Architecture + ?Sized>(
    netlist: &Netlist,
    clusters: &Clusters,
    cluster: u32,
    architecture: &A,
    curve: &[u32],
) -> PlaceError {
    let cluster = &clusters.list[cluster as usize];
    let label = netlist.vertex(cluster.first).label.clone();
    let mut most = Resources::default();
    let mut fits_empty = false;
    for &node in curve {
        let capacity = architecture.capacity(NodeId(node));
        fits_empty |= capacity.covers(&cluster.need);
        most.cores = most.cores.max(capacity.cores);
        most.sdram = most.sdram.max(capacity.sdram);
        most.counters
            .resize(most.counters.len().max(capacity.counters.len()), 0);
        for (most, has) in most.counters.iter_mut().zip(&capacity.counters) {
            *most = (*most).max(*has);
        }
    }
    let need = Box::new(cluster.need.clone());
    if fits_empty {
        PlaceError::NoRoom {
            label,
            need,
            nodes: curve.len(),
        }
    } else {
        PlaceError::TooLarge {
            label,
            others: cluster.vertices - 1,
            need,
            most: Box::new(most),
        }
    }
}

/// Clusters without a fixed place. A cluster is followed by those it talks to, heaviest net first; each connected
/// part starts with its first vertex. Clusters that need several cores come first within the whole order, since
/// they are the hardest to fit.
fn breadth_first(netlist: &Netlist, clusters: &Clusters) -> Vec<u32> {
    let count = clusters.list.len();
    let mut nets: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (id, net) in netlist.nets() {
        nets[clusters.of[net.source.index()] as usize].push(id.0);
        for sink in net.sinks {
            let list = &mut nets[clusters.of[sink.index()] as usize];
            if list.last() != Some(&id.0) {
                list.push(id.0);
            }
        }
    }
    for list in &mut nets {
        list.sort_by(|a, b| {
            let weight = |n: u32| netlist.net(crate::NetId(n)).weight;
            weight(*b).total_cmp(&weight(*a)).then(a.cmp(b))
        });
    }
    let mut order = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    let mut net_seen = vec![false; netlist.net_count()];
    for first in 0..count {
        if seen[first] {
            continue;
        }
        seen[first] = true;
        let mut queue = VecDeque::from([first as u32]);
        while let Some(cluster) = queue.pop_front() {
            order.push(cluster);
            for &net in &nets[cluster as usize] {
                if std::mem::replace(&mut net_seen[net as usize], true) {
                    continue;
                }
                let net = netlist.net(crate::NetId(net));
                for vertex in std::iter::once(&net.source).chain(net.sinks) {
                    let other = clusters.of[vertex.index()];
                    if !std::mem::replace(&mut seen[other as usize], true) {
                        queue.push_back(other);
                    }
                }
            }
        }
    }
    order.retain(|cluster| clusters.list[*cluster as usize].fixed.is_none());
    order.sort_by_key(|cluster| {
        let cores = clusters.list[*cluster as usize].need.cores;
        std::cmp::Reverse(if cores > 1 { cores } else { 1 })
    });
    order
}

/// Live nodes in the order in which a Hilbert curve over the grid visits them.
pub(super) fn hilbert_order(grid: &Grid) -> Vec<u32> {
    let side = u32::from(grid.metric.width.max(grid.metric.height)).next_power_of_two();
    let mut nodes: Vec<(u32, u32)> = (0..grid.nodes as u32)
        .filter(|node| grid.live[*node as usize])
        .map(|node| {
            let at = grid.position[node as usize];
            (hilbert_index(side, at.x.into(), at.y.into()), node)
        })
        .collect();
    nodes.sort_unstable();
    nodes.into_iter().map(|(_, node)| node).collect()
}

/// Position of a cell on the Hilbert curve through a square whose side is a power of two (Hamilton's turn-and-flip).
fn hilbert_index(side: u32, mut x: u32, mut y: u32) -> u32 {
    let mut index = 0;
    let mut half = side / 2;
    while half > 0 {
        let right = u32::from(x & half != 0);
        let top = u32::from(y & half != 0);
        index += half * half * ((3 * right) ^ top);
        if top == 0 {
            if right == 1 {
                x = half
                    .wrapping_mul(2)
                    .wrapping_sub(1)
                    .wrapping_sub(x & (2 * half - 1));
                y = half
                    .wrapping_mul(2)
                    .wrapping_sub(1)
                    .wrapping_sub(y & (2 * half - 1));
            }
            std::mem::swap(&mut x, &mut y);
        }
        half /= 2;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::hilbert_index;

    #[test]
    fn the_curve_steps_from_cell_to_neighbouring_cell() {
        for side in [1u32, 2, 4, 16] {
            let mut cells = vec![None; (side * side) as usize];
            for x in 0..side {
                for y in 0..side {
                    let slot = &mut cells[hilbert_index(side, x, y) as usize];
                    assert_eq!(*slot, None);
                    *slot = Some((x, y));
                }
            }
            for pair in cells.windows(2) {
                let ((ax, ay), (bx, by)) = (pair[0].unwrap(), pair[1].unwrap());
                assert_eq!(ax.abs_diff(bx) + ay.abs_diff(by), 1, "side {side}");
            }
        }
    }
}
