//! Packets of the communications fabric: a control byte, a key and perhaps a payload.
//!
//! | bits of the control byte | meaning |
//! |---|---|
//! | 7:6 | kind: 00 MC, 01 P2P, 10 NN, 11 FR |
//! | 5:4 | MC, FR: emergency state; P2P: sequence |
//! | 5 | NN: 1 peek or poke |
//! | 4:2 | NN: route, 0-5 link, 6 broadcast mask, 7 monitor |
//! | 3:2 | MC, P2P, FR: time stamp |
//! | 1 | a payload follows |
//! | 0 | odd parity over the whole packet |
//!
//! Source: data sheet 8.

/// The four kinds of packet, numbered as in the control byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Multicast = 0,
    PointToPoint = 1,
    NearestNeighbour = 2,
    FixedRoute = 3,
}

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Packet {
    pub(crate) control: u8,
    pub(crate) key: u32,
    /// Zero when bit 1 of the control byte says that there is none.
    pub(crate) payload: u32,
}

impl Packet {
    pub(crate) const PAYLOAD: u8 = 1 << 1;
    pub(crate) const PEEK_POKE: u8 = 1 << 5;

    pub(crate) fn kind(&self) -> Kind {
        match self.control >> 6 {
            0 => Kind::Multicast,
            1 => Kind::PointToPoint,
            2 => Kind::NearestNeighbour,
            _ => Kind::FixedRoute,
        }
    }

    pub(crate) fn has_payload(&self) -> bool {
        self.control & Self::PAYLOAD != 0
    }

    /// Bits 5:4.
    pub(crate) fn emergency(&self) -> u8 {
        self.control >> 4 & 3
    }

    /// The same packet with bits 5:4 replaced and the parity mended.
    pub(crate) fn with_emergency(mut self, state: u8) -> Self {
        self.control = self.control & !0x30 | state << 4;
        self.with_parity()
    }

    /// Bits 3:2.
    pub(crate) fn time_stamp(&self) -> u8 {
        self.control >> 2 & 3
    }

    /// Whether the parity over all its bits is odd, as it has to be.
    pub(crate) fn parity_is_odd(&self) -> bool {
        let mut ones = self.control.count_ones() + self.key.count_ones();
        if self.has_payload() {
            ones += self.payload.count_ones();
        }
        ones & 1 != 0
    }

    /// The same packet with odd parity over all its bits.
    pub(crate) fn with_parity(mut self) -> Self {
        self.control &= !1;
        self.control |= u8::from(!self.parity_is_odd());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parity_is_odd() {
        let packet = Packet {
            control: 0,
            key: 0,
            payload: 0,
        }
        .with_parity();
        assert_eq!(packet.control, 1);
        let packet = Packet {
            control: 0x82,
            key: 1,
            payload: 0,
        }
        .with_parity();
        assert_eq!(packet.control, 0x82, "three ones already");
        assert_eq!(packet.kind(), Kind::NearestNeighbour);
    }
}
