//! Are the keys legal?

use super::PROBLEM_LIMIT;
use crate::{GroupId, KeyMask, KeyOptions, Keys, NetId, Netlist};

/// What is wrong with keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Another number of nets or groups than the netlist has.
    #[error("keys for {key_nets} nets and {key_groups} groups; the netlist has {nets} and {groups}")]
    Size {
        /// Nets with keys.
        key_nets: usize,
        /// Groups with keys.
        key_groups: usize,
        /// Nets of the netlist.
        nets: usize,
        /// Groups of the netlist.
        groups: usize,
    },
    /// A key has a bit where its mask has none, or the mask's zero bits are not the low ones.
    #[error("the keys {keys} of {net} are not an aligned block")]
    NotAligned {
        /// The net.
        net: NetId,
        /// Its keys.
        keys: KeyMask,
    },
    /// A net has fewer keys than its source sends.
    #[error("{net} needs {needed} free key bits; its keys {keys} have {free}")]
    TooFew {
        /// The net.
        net: NetId,
        /// Bits needed.
        needed: u8,
        /// Its keys.
        keys: KeyMask,
        /// Bits free.
        free: u32,
    },
    /// Two nets may send the same key.
    #[error("{first} has the keys {first_keys} and {second} {second_keys}: they overlap")]
    Overlap {
        /// One net.
        first: NetId,
        /// Its keys.
        first_keys: KeyMask,
        /// The other net.
        second: NetId,
        /// Its keys.
        second_keys: KeyMask,
    },
    /// A net's keys lie in a reserved block.
    #[error("the keys {keys} of {net} lie in the reserved block {reserved}")]
    Reserved {
        /// The net.
        net: NetId,
        /// Its keys.
        keys: KeyMask,
        /// The reserved block.
        reserved: KeyMask,
    },
    /// A key of a group's member does not decode to the member's index under the group's layout.
    #[error("the keys {keys} of {net}, member {index} of {group}, do not decode to that index")]
    Layout {
        /// The net.
        net: NetId,
        /// Its keys.
        keys: KeyMask,
        /// The group.
        group: GroupId,
        /// Its index in the group.
        index: usize,
    },
    /// A net that is not of the group lies under its key and mask.
    #[error("{net} with the keys {keys} is not in {group}, but matches the group's {block}")]
    Intruder {
        /// The net.
        net: NetId,
        /// Its keys.
        keys: KeyMask,
        /// The group.
        group: GroupId,
        /// Key and mask of the group.
        block: KeyMask,
    },
    /// A group does not have the keys that are fixed for it.
    #[error("{group} has the keys {block}; {fixed} is fixed")]
    NotFixed {
        /// The group.
        group: GroupId,
        /// Its keys.
        block: KeyMask,
        /// What is fixed.
        fixed: KeyMask,
    },
}

/// Lists what is wrong with keys; empty if they are legal.
pub fn check_keys(netlist: &Netlist, options: &KeyOptions, keys: &Keys) -> Vec<KeyProblem> {
    if keys.nets.len() != netlist.net_count() || keys.groups.len() != netlist.groups().len() {
        return vec![KeyProblem::Size {
            key_nets: keys.nets.len(),
            key_groups: keys.groups.len(),
            nets: netlist.net_count(),
            groups: netlist.groups().len(),
        }];
    }
    let mut problems = Vec::new();
    for (net, &block) in (0..).map(NetId::new).zip(&keys.nets) {
        check_block(netlist, options, net, block, &mut problems);
    }
    if problems.is_empty() {
        // Blocks are ranges now, so sorting finds overlaps.
        let mut ranges: Vec<(u32, u32, NetId)> = (0..)
            .map(NetId::new)
            .zip(&keys.nets)
            .map(|(net, block)| (block.key, block.key | !block.mask, net))
            .collect();
        ranges.sort_unstable();
        check_overlap(keys, &ranges, &mut problems);
        check_groups(netlist, keys, &ranges, &mut problems);
    }
    problems.truncate(PROBLEM_LIMIT);
    problems
}

fn check_block(
    netlist: &Netlist,
    options: &KeyOptions,
    net: NetId,
    keys: KeyMask,
    problems: &mut Vec<KeyProblem>,
) {
    let free = keys.mask.count_zeros();
    let low_zeros = free == 32 || keys.mask >> free == u32::MAX >> free;
    if keys.key & !keys.mask != 0 || !low_zeros {
        problems.push(KeyProblem::NotAligned { net, keys });
    }
    let needed = netlist.net(net).key_bits;
    if free < u32::from(needed) {
        problems.push(KeyProblem::TooFew {
            net,
            needed,
            keys,
            free,
        });
    }
    for &reserved in &options.reserved {
        if (reserved.key ^ keys.key) & reserved.mask & keys.mask == 0 {
            problems.push(KeyProblem::Reserved { net, keys, reserved });
        }
    }
}

fn check_overlap(keys: &Keys, ranges: &[(u32, u32, NetId)], problems: &mut Vec<KeyProblem>) {
    for pair in ranges.windows(2) {
        let ((_, last, first), (start, _, second)) = (pair[0], pair[1]);
        if start <= last {
            problems.push(KeyProblem::Overlap {
                first,
                first_keys: keys.nets[first.index()],
                second,
                second_keys: keys.nets[second.index()],
            });
        }
    }
}

fn check_groups(
    netlist: &Netlist,
    keys: &Keys,
    ranges: &[(u32, u32, NetId)],
    problems: &mut Vec<KeyProblem>,
) {
    for (index, (group, layout)) in netlist.groups().iter().zip(&keys.groups).enumerate() {
        let id = GroupId::new(index);
        let block = layout.block;
        if let Some(fixed) = group.fixed
            && (fixed.key, fixed.mask) != (block.key, block.mask)
        {
            problems.push(KeyProblem::NotFixed {
                group: id,
                block,
                fixed: KeyMask {
                    key: fixed.key,
                    mask: fixed.mask,
                },
            });
        }
        for (index, &net) in group.members.iter().enumerate() {
            // Decoded as the synapse programs do, for the first and the last key of the block.
            let net_keys = keys.nets[net.index()];
            let bits = netlist.net(net).key_bits;
            let last = net_keys.key as u64 + ((1u64 << bits) - 1);
            let good = [u64::from(net_keys.key), last].into_iter().all(|key| {
                let found = key.checked_shr(layout.shift.into()).unwrap_or(0) & u64::from(layout.index_mask);
                key & u64::from(block.mask) == u64::from(block.key) && found == index as u64
            });
            if !good {
                problems.push(KeyProblem::Layout {
                    net,
                    keys: net_keys,
                    group: id,
                    index,
                });
            }
        }
        let inside = ranges.partition_point(|(start, ..)| *start < block.key);
        for &(start, _, net) in ranges[inside..]
            .iter()
            .take_while(|(start, ..)| *start <= block.key | !block.mask)
        {
            if start & block.mask == block.key && netlist.net(net).group != Some(id) {
                problems.push(KeyProblem::Intruder {
                    net,
                    keys: keys.nets[net.index()],
                    group: id,
                    block,
                });
            }
        }
    }
}
