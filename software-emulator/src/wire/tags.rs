//! Which further UDP ports a board needs: those of reverse IP tags, learnt from the commands that set them.

/// The SCP command that handles IP tags, and its operations that make one (application note 5).
const IPTAG: u16 = 26;
const NEW: u32 = 0;
const SET: u32 = 1;
const REVERSE: u32 = 1 << 29;

/// A reverse tag that a datagram to the SCP port asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReverseTag {
    /// The chip that the command is for, as x and y; 255 each for "the chip that booted".
    pub(super) chip: (u8, u8),
    /// The port that the board will listen on.
    pub(super) port: u16,
}

/// Looks at a datagram to the SCP port.
pub(super) fn reverse_tag(data: &[u8]) -> Option<ReverseTag> {
    // Two bytes of padding, eight of SDP header, then command, sequence and three arguments.
    let half = |n: usize| Some(u16::from_le_bytes([*data.get(n)?, *data.get(n + 1)?]));
    let word = |n: usize| Some(u32::from(half(n)?) | u32::from(half(n + 2)?) << 16);
    let to_the_monitor = *data.get(4)? == 0;
    if !to_the_monitor || half(10)? != IPTAG {
        return None;
    }
    let argument = word(14)?;
    let makes_one = matches!(argument >> 16 & 15, NEW | SET);
    (makes_one && argument & REVERSE != 0).then_some(ReverseTag {
        chip: (data[7], data[6]),
        port: word(18)? as u16,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(command: u16, arg1: u32, arg2: u32) -> Vec<u8> {
        let mut data = vec![0, 0, 0x87, 0xff, 0, 0xff, 4, 8, 0, 0];
        data.extend(command.to_le_bytes());
        data.extend([0, 0]);
        for word in [arg1, arg2, 0] {
            data.extend(word.to_le_bytes());
        }
        data
    }

    #[test]
    fn reverse_tags_are_noticed() {
        let set = command(
            26,
            REVERSE | SET << 16 | 1 << 13 | 5 << 8 | 3,
            0x0102 << 16 | 12345,
        );
        assert_eq!(
            reverse_tag(&set),
            Some(ReverseTag {
                chip: (8, 4),
                port: 12345
            })
        );
    }

    #[test]
    fn other_commands_are_not() {
        assert_eq!(reverse_tag(&command(26, SET << 16, 12345)), None, "a forward tag");
        assert_eq!(
            reverse_tag(&command(26, REVERSE | 2 << 16, 12345)),
            None,
            "asks for one"
        );
        assert_eq!(reverse_tag(&command(2, REVERSE | SET << 16, 12345)), None);
        let set = command(26, REVERSE | SET << 16, 12345);
        for length in 0..set.len() - 4 {
            reverse_tag(&set[..length]);
        }
    }
}
