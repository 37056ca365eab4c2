//! Addresses of spikes on layer 1.

index! {
    /// The address that a spike carries on a bus, 0 to 63: two bits that a synapse driver's strobes compare and four that
    /// each synapse compares (`halbe:hal/HICANN/L1Address.h`).
    ///
    /// Address 0 is what repeaters and drivers lock on. The public mapper also keeps addresses whose lower four bits are
    /// 0001, so that a synapse set to that pattern stays silent: 59 addresses remain for sources.
    L1Address(u8), 64, "a", "layer-1 address"
}

impl L1Address {
    /// The address that background generators send to keep receivers locked.
    pub const LOCKING: L1Address = L1Address(0);
    /// The synapse decoder pattern that no source uses: a synapse set to it stays silent.
    pub const SILENT_DECODER: u8 = 1;

    /// The address of two driver bits (0 to 3) and four synapse bits (0 to 15).
    ///
    /// # Panics
    ///
    /// If either is larger.
    pub const fn from_parts(driver: u8, synapse: u8) -> Self {
        assert!(driver < 4 && synapse < 16, "two and four bits");
        Self(16 * driver + synapse)
    }

    /// The bits that a driver's strobe compares, 0 to 3.
    pub const fn driver_bits(self) -> u8 {
        self.0 / 16
    }

    /// The bits that a synapse compares, 0 to 15.
    pub const fn synapse_bits(self) -> u8 {
        self.0 % 16
    }

    /// Whether a source may use it.
    pub const fn is_for_sources(self) -> bool {
        self.0 != 0 && self.synapse_bits() != Self::SILENT_DECODER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_nine_addresses_are_for_sources() {
        assert_eq!(
            L1Address::all()
                .filter(|address| address.is_for_sources())
                .count(),
            59
        );
        assert_eq!(L1Address::from_parts(2, 5).index(), 37);
    }
}
