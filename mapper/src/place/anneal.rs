//! Simulated annealing of clusters.

use super::cluster::Clusters;
use super::{PlaceOptions, State};
use crate::cost::Estimator;
use crate::grid::Grid;
use crate::random::{Pcg32, exp_minus};
use crate::{Netlist, Resources};

/// Nets between clusters, in compressed rows, and the nets of each cluster.
struct Nets {
    first_pin: Vec<u32>,
    /// The source first, then the other clusters, each once.
    pins: Vec<u32>,
    weight: Vec<u32>,
    first_net: Vec<u32>,
    /// Nets of each cluster.
    nets: Vec<u32>,
}

impl Nets {
    fn of(netlist: &Netlist, clusters: &Clusters) -> Self {
        let count = clusters.list.len();
        let heaviest = netlist.nets().map(|(_, net)| net.weight).fold(0.0, f64::max);
        let mut nets = Self {
            first_pin: vec![0],
            pins: Vec::new(),
            weight: Vec::new(),
            first_net: vec![0; count + 1],
            nets: Vec::new(),
        };
        for (_, net) in netlist.nets() {
            let start = nets.pins.len();
            let source = clusters.of[net.source.index()];
            nets.pins.push(source);
            nets.pins.extend(
                net.sinks
                    .iter()
                    .map(|sink| clusters.of[sink.index()])
                    .filter(|c| *c != source),
            );
            nets.pins[start + 1..].sort_unstable();
            let mut kept = start + 1;
            for index in start + 1..nets.pins.len() {
                if kept == start + 1 || nets.pins[kept - 1] != nets.pins[index] {
                    nets.pins[kept] = nets.pins[index];
                    kept += 1;
                }
            }
            nets.pins.truncate(kept);
            if kept == start + 1 {
                nets.pins.truncate(start);
                continue;
            }
            // Weights become integers of at most 20 bits, so that costs are exact and sums fit easily.
            let relative = if heaviest > 0.0 {
                net.weight / heaviest
            } else {
                1.0
            };
            nets.weight
                .push((relative * f64::from(1 << 20)).round().max(1.0) as u32);
            nets.first_pin.push(kept as u32);
        }
        for pin in &nets.pins {
            nets.first_net[*pin as usize + 1] += 1;
        }
        for cluster in 0..count {
            nets.first_net[cluster + 1] += nets.first_net[cluster];
        }
        let mut next = nets.first_net.clone();
        nets.nets = vec![0; nets.pins.len()];
        for net in 0..nets.len() {
            for index in nets.first_pin[net]..nets.first_pin[net + 1] {
                let slot = &mut next[nets.pins[index as usize] as usize];
                nets.nets[*slot as usize] = net as u32;
                *slot += 1;
            }
        }
        nets
    }

    fn len(&self) -> usize {
        self.weight.len()
    }

    fn pins(&self, net: u32) -> &[u32] {
        let net = net as usize;
        &self.pins[self.first_pin[net] as usize..self.first_pin[net + 1] as usize]
    }

    fn of_cluster(&self, cluster: u32) -> &[u32] {
        let c = cluster as usize;
        &self.nets[self.first_net[c] as usize..self.first_net[c + 1] as usize]
    }
}

/// The annealer: the state with everything that moves keep up to date.
struct Annealer<'a> {
    nets: Nets,
    state: &'a mut State,
    clusters: &'a Clusters,
    estimator: Estimator<'a>,
    /// Weighted estimate of each net, as it stands.
    cost: Vec<u64>,
    total: u64,
    /// Movable clusters on each node.
    on_node: Vec<Vec<u32>>,
    touched: Vec<u32>,
    net_stamp: Vec<u32>,
    stamp: u32,
    new_cost: Vec<u64>,
    work: u64,
    /// Moves tried while looking for a starting temperature.
    probes: u32,
}

/// A tentative move.
#[derive(Clone, Copy)]
struct Proposal {
    cluster: u32,
    partner: Option<u32>,
    origin: u32,
    target: u32,
    delta: i64,
}

/// Improves a placement in place.
pub(super) fn anneal(
    grid: &Grid,
    netlist: &Netlist,
    clusters: &Clusters,
    state: &mut State,
    options: &PlaceOptions,
) {
    let nets = Nets::of(netlist, clusters);
    let movable: Vec<u32> = (0..clusters.list.len() as u32)
        .filter(|c| clusters.list[*c as usize].fixed.is_none() && !nets.of_cluster(*c).is_empty())
        .collect();
    let nodes: Vec<u32> = (0..grid.nodes as u32)
        .filter(|n| state.open[*n as usize])
        .collect();
    if movable.is_empty() || nodes.len() < 2 {
        return;
    }
    let mut annealer = Annealer::new(grid, nets, clusters, state);
    let mut best = (annealer.total, annealer.state.node.clone());
    let mut random = Pcg32::new(options.seed, 0x706c_6163);
    let widest = u32::from(grid.metric.width.max(grid.metric.height));
    let mut window = f64::from(widest);
    let mut temperature = annealer.starting_temperature(grid, &movable, &nodes, widest, &mut random);
    let nets = annealer.nets.len() as f64;
    let vertices = netlist.vertices().len() as u64;
    let shares = 1 + vertices.min(2000) / 250 + vertices.saturating_sub(2000) / 1000;
    let limit = options.work_limit.saturating_mul(shares);
    let moves = moves_per_round(movable.len(), &annealer, options.effort, limit);
    while annealer.work < limit && annealer.total > 0 {
        let mut accepted = 0u64;
        for _ in 0..moves {
            let cluster = movable[random.below(movable.len() as u32) as usize];
            let target = choose_target(
                grid,
                &nodes,
                annealer.state.node[cluster as usize],
                window as u32,
                &mut random,
            );
            if annealer.try_move(cluster, target, temperature, &mut random) {
                accepted += 1;
            }
            if annealer.work >= limit {
                break;
            }
        }
        if annealer.total < best.0 {
            best = (annealer.total, annealer.state.node.clone());
        }
        if cfg!(debug_assertions) {
            let fresh = annealer.recount();
            assert_eq!(annealer.total, fresh, "the incremental cost is the cost");
        }
        if temperature <= 0.0 {
            break;
        }
        let share = accepted as f64 / moves as f64;
        let factor = match share {
            s if s > 0.96 => 0.5,
            s if s > 0.8 => 0.85,
            s if s > 0.15 => 0.93,
            _ => 0.8,
        };
        temperature *= factor;
        window = (window * (1.0 - 0.44 + share)).clamp(1.0, f64::from(widest));
        if temperature < 0.005 * annealer.total as f64 / nets {
            // One last round that accepts improvements only.
            temperature = 0.0;
        }
    }
    if annealer.total > best.0 {
        annealer.state.node = best.1;
    }
}

/// Rounds that a cooling from the starting temperature takes, roughly.
const ROUNDS: f64 = 60.0;

/// n^(4/3) as in VPR, at most 10 n, and no more than the work limit allows at what the probes have cost.
fn moves_per_round(movable: usize, annealer: &Annealer<'_>, effort: f64, limit: u64) -> u64 {
    let count = movable as f64;
    let wanted = count * cube_root(count).min(10.0) * effort;
    let per_move = annealer.work as f64 / f64::from(annealer.probes.max(1));
    let allowed = limit as f64 / (ROUNDS * per_move.max(1.0));
    wanted.min(allowed).ceil().max(1.0) as u64
}

/// The cube root by Newton's method, which is the same on every host.
fn cube_root(x: f64) -> f64 {
    let mut root = x.max(1.0);
    for _ in 0..64 {
        root = (2.0 * root + x / (root * root)) / 3.0;
    }
    root
}

/// A random open node within `window` columns and rows, or any open node if nothing is found there.
fn choose_target(grid: &Grid, nodes: &[u32], from: u32, window: u32, random: &mut Pcg32) -> u32 {
    let metric = grid.metric;
    let at = grid.position[from as usize];
    if window < u32::from(metric.width.max(metric.height)) / 2 {
        for _ in 0..4 {
            let dx = random.below(2 * window + 1) as i32 - window as i32;
            let dy = random.below(2 * window + 1) as i32 - window as i32;
            if let Some(node) = grid.node_near(at, dx, dy)
                && node != from
            {
                return node;
            }
        }
    }
    nodes[random.below(nodes.len() as u32) as usize]
}

impl<'a> Annealer<'a> {
    fn new(grid: &'a Grid, nets: Nets, clusters: &'a Clusters, state: &'a mut State) -> Self {
        let mut on_node = vec![Vec::new(); grid.nodes];
        for (cluster, node) in state.node.iter().enumerate() {
            if clusters.list[cluster].fixed.is_none() {
                on_node[*node as usize].push(cluster as u32);
            }
        }
        let count = nets.len();
        let mut annealer = Self {
            nets,
            state,
            clusters,
            estimator: Estimator::new(grid),
            cost: Vec::new(),
            total: 0,
            on_node,
            touched: Vec::new(),
            net_stamp: vec![0; count],
            stamp: 0,
            new_cost: Vec::new(),
            work: 0,
            probes: 0,
        };
        annealer.cost = (0..count as u32).map(|net| annealer.net_cost(net)).collect();
        annealer.total = annealer.cost.iter().sum();
        annealer.work = 0;
        annealer
    }

    fn net_cost(&mut self, net: u32) -> u64 {
        let pins = self.nets.pins(net);
        self.work += pins.len() as u64;
        let node = &self.state.node;
        let links = self.estimator.links(
            node[pins[0] as usize],
            pins[1..].iter().map(|pin| node[*pin as usize]),
        );
        u64::from(links) * u64::from(self.nets.weight[net as usize])
    }

    /// The cost with nothing remembered: what the incremental one must equal.
    fn recount(&mut self) -> u64 {
        let work = self.work;
        let total = (0..self.nets.len() as u32).map(|net| self.net_cost(net)).sum();
        self.work = work;
        total
    }

    /// Half of the mean change of random moves that make things worse. VPR takes twenty standard deviations, for a
    /// random start; ours is no random start.
    fn starting_temperature(
        &mut self,
        grid: &Grid,
        movable: &[u32],
        nodes: &[u32],
        window: u32,
        random: &mut Pcg32,
    ) -> f64 {
        let mut sum = 0.0;
        let mut count = 0.0;
        for _ in 0..movable.len().clamp(20, 100) {
            let cluster = movable[random.below(movable.len() as u32) as usize];
            let target = choose_target(grid, nodes, self.state.node[cluster as usize], window, random);
            if let Some(proposal) = self.propose(cluster, target, random) {
                self.undo(proposal);
                self.probes += 1;
                if proposal.delta > 0 {
                    sum += proposal.delta as f64;
                    count += 1.0;
                }
            }
        }
        if count > 0.0 { 0.5 * sum / count } else { 0.0 }
    }

    fn try_move(&mut self, cluster: u32, target: u32, temperature: f64, random: &mut Pcg32) -> bool {
        let Some(proposal) = self.propose(cluster, target, random) else {
            return false;
        };
        let delta = proposal.delta;
        let accept =
            delta <= 0 || (temperature > 0.0 && random.unit() < exp_minus(delta as f64 / temperature));
        if accept {
            self.commit(proposal);
        } else {
            self.undo(proposal);
        }
        accept
    }

    /// Moves a cluster to another node, tentatively, in exchange for one of the clusters there if there is no room.
    /// None if that is impossible.
    fn propose(&mut self, cluster: u32, target: u32, random: &mut Pcg32) -> Option<Proposal> {
        let origin = self.state.node[cluster as usize];
        if origin == target || !self.state.open[target as usize] {
            return None;
        }
        let need = &self.clusters.list[cluster as usize].need;
        let mut partner = None;
        if !self.state.free[target as usize].covers(need) {
            let there = &self.on_node[target as usize];
            if there.is_empty() {
                return None;
            }
            let other = there[random.below(there.len() as u32) as usize];
            let other_need = &self.clusters.list[other as usize].need;
            let room = |node: u32, leaves: &Resources, comes: &Resources| {
                let mut free = self.state.free[node as usize].clone();
                free.add(leaves);
                free.covers(comes)
            };
            if need != other_need && !(room(target, other_need, need) && room(origin, need, other_need)) {
                return None;
            }
            partner = Some(other);
        }
        self.find_touched(cluster, partner);
        self.state.node[cluster as usize] = target;
        if let Some(partner) = partner {
            self.state.node[partner as usize] = origin;
        }
        let mut delta = 0i64;
        self.new_cost.clear();
        for index in 0..self.touched.len() {
            let net = self.touched[index];
            let cost = self.net_cost(net);
            delta += cost as i64 - self.cost[net as usize] as i64;
            self.new_cost.push(cost);
        }
        Some(Proposal {
            cluster,
            partner,
            origin,
            target,
            delta,
        })
    }

    fn undo(&mut self, proposal: Proposal) {
        self.state.node[proposal.cluster as usize] = proposal.origin;
        if let Some(partner) = proposal.partner {
            self.state.node[partner as usize] = proposal.target;
        }
    }

    fn commit(&mut self, proposal: Proposal) {
        for (net, cost) in self.touched.iter().zip(&self.new_cost) {
            self.cost[*net as usize] = *cost;
        }
        self.total = self.total.wrapping_add_signed(proposal.delta);
        // Both leave before either arrives, so that what is free never passes below zero.
        let moves = [
            Some((proposal.cluster, proposal.origin, proposal.target)),
            proposal
                .partner
                .map(|partner| (partner, proposal.target, proposal.origin)),
        ];
        for (cluster, from, _) in moves.into_iter().flatten() {
            self.state.free[from as usize].add(&self.clusters.list[cluster as usize].need);
            self.on_node[from as usize].retain(|other| *other != cluster);
        }
        for (cluster, _, to) in moves.into_iter().flatten() {
            self.state.free[to as usize].subtract(&self.clusters.list[cluster as usize].need);
            self.on_node[to as usize].push(cluster);
        }
    }

    /// Nets of the clusters that would move, each once.
    fn find_touched(&mut self, cluster: u32, partner: Option<u32>) {
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            self.net_stamp.fill(0);
            self.stamp = 1;
        }
        self.touched.clear();
        for cluster in std::iter::once(cluster).chain(partner) {
            for &net in self.nets.of_cluster(cluster) {
                if self.net_stamp[net as usize] != self.stamp {
                    self.net_stamp[net as usize] = self.stamp;
                    self.touched.push(net);
                }
            }
        }
    }
}
