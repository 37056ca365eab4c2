//! The keys that each net sends.
//!
//! A key reads, from high to low bits: group (population), index in the group (core), then the bits that the source
//! varies itself (neuron and colour). Groups are aligned to their own size, as buddies are: the largest first, so
//! that no space is lost between them.

use crate::{FixedKeys, GroupId, NetId, Netlist};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A block of keys: those with `key & mask == self.key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyMask {
    /// Key; zero wherever the mask is.
    pub key: u32,
    /// Mask.
    pub mask: u32,
}

impl KeyMask {
    /// Whether a key is in the block.
    pub const fn contains(self, key: u32) -> bool {
        key & self.mask == self.key
    }

    /// Whether any key is in both blocks.
    pub const fn intersects(self, other: KeyMask) -> bool {
        (self.key ^ other.key) & self.mask & other.mask == 0
    }

    /// Whether each key of `other` is in this block.
    pub const fn covers(self, other: KeyMask) -> bool {
        self.mask & !other.mask == 0 && self.contains(other.key)
    }
}

impl fmt::Display for KeyMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}/{:#010x}", self.key, self.mask)
    }
}

/// Keys of a key group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupKeys {
    /// One key and mask that holds for all members, whatever their index (the source population's key and mask).
    pub block: KeyMask,
    /// Bits below the index: the population table's `mask_shift`.
    pub shift: u8,
    /// All ones over the bits of the index, after shifting: the population table's `core_mask`.
    pub index_mask: u32,
}

/// The keys of every net and group.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Keys {
    /// Keys of each net, by net.
    pub nets: Vec<KeyMask>,
    /// Keys of each group, by group.
    pub groups: Vec<GroupKeys>,
}

impl Keys {
    /// Keys of a net. Panics if there is no such net.
    pub fn net(&self, net: NetId) -> KeyMask {
        self.nets[net.index()]
    }

    /// Keys of a group. Panics if there is no such group.
    pub fn group(&self, group: GroupId) -> GroupKeys {
        self.groups[group.index()]
    }
}

impl fmt::Display for Keys {
    /// One line for each group and net.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.groups.iter().enumerate() {
            let id = GroupId::new(index);
            writeln!(f, "{id}: {}, index at bit {}", group.block, group.shift)?;
        }
        for (index, keys) in self.nets.iter().enumerate() {
            writeln!(f, "{}: {keys}", NetId::new(index))?;
        }
        Ok(())
    }
}

/// How keys are chosen.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyOptions {
    /// Blocks that something else uses: no key of the netlist may lie there.
    pub reserved: Vec<KeyMask>,
}

/// Why keys could not be allocated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There are not enough keys.
    #[error("`{label}` needs {bits} key bits, and no aligned block of that size is left in 32 bits")]
    OutOfKeys {
        /// The group's or net's name.
        label: String,
        /// Bits it needs.
        bits: u32,
    },
    /// Fixed keys have zero bits in the mask that are not the low ones, or a key bit outside the mask.
    #[error("the keys {key:#010x}/{mask:#010x} fixed for `{label}` are not an aligned block")]
    FixedNotAligned {
        /// The group's label.
        label: String,
        /// Fixed key.
        key: u32,
        /// Fixed mask.
        mask: u32,
    },
    /// Fixed keys leave too few bits for index and members.
    #[error("`{label}` needs {needed} key bits, but its fixed mask {mask:#010x} leaves {available}")]
    FixedTooSmall {
        /// The group's label.
        label: String,
        /// Bits for index and members.
        needed: u32,
        /// Fixed mask.
        mask: u32,
        /// Zero bits of the mask.
        available: u32,
    },
    /// Fixed keys overlap others, or reserved ones.
    #[error("the keys fixed for `{label}` overlap those of `{other}`")]
    FixedOverlap {
        /// The group's label.
        label: String,
        /// The other group's label, or `reserved keys`.
        other: String,
    },
}

/// Chooses keys for every net.
pub fn allocate_keys(netlist: &Netlist, options: &KeyOptions) -> Result<Keys, KeyError> {
    let mut blocks = blocks(netlist);
    let mut taken: Vec<(KeyMask, String)> = options
        .reserved
        .iter()
        .map(|block| (*block, "reserved keys".to_owned()))
        .collect();
    for block in &mut blocks {
        if let Some(fixed) = block.fixed {
            block.base = Some(place_fixed(block, fixed, &taken)?);
            taken.push((fixed.into(), block.label.clone()));
        }
    }
    let mut order: Vec<usize> = (0..blocks.len()).filter(|b| blocks[*b].base.is_none()).collect();
    order.sort_by_key(|b| (std::cmp::Reverse(blocks[*b].bits()), *b));
    let mut cursor = 0u64;
    for index in order {
        let block = &mut blocks[index];
        let bits = block.bits();
        let out = || KeyError::OutOfKeys {
            label: block.label.clone(),
            bits,
        };
        if bits > 32 {
            return Err(out());
        }
        let size = 1u64 << bits;
        cursor = cursor.next_multiple_of(size);
        let mask = mask_of(bits);
        loop {
            let key = u32::try_from(cursor).map_err(|_| out())?;
            let candidate = KeyMask { key, mask };
            cursor += size;
            if !taken.iter().any(|(block, _)| block.intersects(candidate)) {
                block.base = Some(key);
                break;
            }
        }
    }
    Ok(assign(netlist, &blocks))
}

/// The mask with the low `bits` bits zero.
pub(crate) fn mask_of(bits: u32) -> u32 {
    u32::MAX.checked_shl(bits).unwrap_or(0)
}

/// A group, or a net in no group.
struct Block {
    label: String,
    members: Members,
    shift: u32,
    index_bits: u32,
    fixed: Option<FixedKeys>,
    base: Option<u32>,
}

enum Members {
    Group(GroupId),
    Net(NetId),
}

impl Block {
    fn bits(&self) -> u32 {
        self.shift + self.index_bits
    }
}

impl From<FixedKeys> for KeyMask {
    fn from(fixed: FixedKeys) -> Self {
        Self {
            key: fixed.key,
            mask: fixed.mask,
        }
    }
}

fn blocks(netlist: &Netlist) -> Vec<Block> {
    let mut blocks: Vec<Block> = netlist
        .groups()
        .iter()
        .enumerate()
        .map(|(index, group)| {
            let shift = group.members.iter().map(|net| netlist.net(*net).key_bits).max();
            Block {
                label: group.label.clone(),
                members: Members::Group(GroupId::new(index)),
                shift: shift.unwrap_or(0).into(),
                index_bits: group.members.len().next_power_of_two().trailing_zeros(),
                fixed: group.fixed,
                base: None,
            }
        })
        .collect();
    for (id, net) in netlist.nets() {
        if net.group.is_none() {
            blocks.push(Block {
                label: format!("net {id} of {}", netlist.vertex(net.source).label),
                members: Members::Net(id),
                shift: net.key_bits.into(),
                index_bits: 0,
                fixed: None,
                base: None,
            });
        }
    }
    blocks
}

fn place_fixed(block: &Block, fixed: FixedKeys, taken: &[(KeyMask, String)]) -> Result<u32, KeyError> {
    let available = fixed.mask.trailing_zeros();
    if fixed.mask != mask_of(available) || fixed.key & !fixed.mask != 0 {
        return Err(KeyError::FixedNotAligned {
            label: block.label.clone(),
            key: fixed.key,
            mask: fixed.mask,
        });
    }
    if block.bits() > available {
        return Err(KeyError::FixedTooSmall {
            label: block.label.clone(),
            needed: block.bits(),
            mask: fixed.mask,
            available,
        });
    }
    if let Some((_, other)) = taken.iter().find(|(other, _)| other.intersects(fixed.into())) {
        return Err(KeyError::FixedOverlap {
            label: block.label.clone(),
            other: other.clone(),
        });
    }
    Ok(fixed.key)
}

fn assign(netlist: &Netlist, blocks: &[Block]) -> Keys {
    let mut keys = Keys {
        nets: vec![KeyMask { key: 0, mask: 0 }; netlist.net_count()],
        groups: Vec::with_capacity(netlist.groups().len()),
    };
    for block in blocks {
        let base = block.base.expect("every block has been given a base");
        match block.members {
            Members::Group(group) => {
                let mask = block.fixed.map_or(mask_of(block.bits()), |fixed| fixed.mask);
                keys.groups.push(GroupKeys {
                    block: KeyMask { key: base, mask },
                    shift: block.shift as u8,
                    index_mask: !mask_of(block.index_bits),
                });
                for (index, net) in (0u32..).zip(&netlist.groups()[group.index()].members) {
                    keys.nets[net.index()] = KeyMask {
                        key: base | index.checked_shl(block.shift).unwrap_or(0),
                        mask: mask_of(block.shift),
                    };
                }
            }
            Members::Net(net) => {
                keys.nets[net.index()] = KeyMask {
                    key: base,
                    mask: mask_of(block.shift),
                };
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyGroup, Resources, Vertex};

    /// `populations` gives, for each population, key bits and number of cores.
    fn netlist(populations: &[(u8, usize)]) -> Netlist {
        let mut netlist = Netlist::new();
        for (bits, cores) in populations {
            let members = (0..*cores)
                .map(|_| {
                    let vertex = netlist.add_vertex(Vertex::new("", Resources::new(1, 0)));
                    netlist.add_net(vertex, &[], 0.0, *bits).unwrap()
                })
                .collect();
            netlist.add_group(KeyGroup::new("", members)).unwrap();
        }
        netlist
    }

    #[test]
    fn masks_are_those_of_the_reference() {
        // 10 neurons and 4 colour bits: 8 bits. 100 atoms at 64 per core: 10 bits a core, two cores.
        let keys = allocate_keys(&netlist(&[(8, 1), (10, 2)]), &KeyOptions::default()).unwrap();
        assert_eq!(keys.nets[0].mask, 0xffff_ff00);
        assert_eq!(keys.nets[1].mask, 0xffff_fc00);
        assert_eq!(keys.nets[1].key ^ keys.nets[2].key, 1 << 10);
        assert_eq!(keys.groups[1].shift, 10);
        assert_eq!(keys.groups[1].index_mask, 1);
        assert_eq!(keys.groups[1].block.mask, 0xffff_f800);
    }

    #[test]
    fn the_largest_group_comes_first_so_nothing_is_lost() {
        let keys = allocate_keys(&netlist(&[(4, 1), (31, 1), (30, 1)]), &KeyOptions::default()).unwrap();
        let bases: Vec<u32> = keys.nets.iter().map(|k| k.key).collect();
        assert_eq!(bases, [0xc000_0000, 0, 0x8000_0000]);
    }

    #[test]
    fn running_out_of_keys_is_an_error_with_the_numbers() {
        let error = allocate_keys(&netlist(&[(31, 1), (31, 1), (1, 1)]), &KeyOptions::default());
        assert_eq!(
            error.unwrap_err(),
            KeyError::OutOfKeys {
                label: String::new(),
                bits: 1
            }
        );
    }

    #[test]
    fn reserved_blocks_are_left_alone() {
        let options = KeyOptions {
            reserved: vec![KeyMask {
                key: 0,
                mask: 0xffff_0000,
            }],
        };
        let keys = allocate_keys(&netlist(&[(4, 1)]), &options).unwrap();
        assert_eq!(keys.nets[0].key, 0x0001_0000);
    }
}
