//! Where networks are: a file of the deployment, made from what the province's network centre and carriers
//! know. CSV with the header `network,place,latitude,longitude`; the narrowest network that holds an address
//! counts. The name of the place is for whoever keeps the file.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use serde::Deserialize;

use crate::monitor::SetupError;
use crate::monitor::rules::Position;

/// Networks and their positions.
#[derive(Debug, Default)]
pub struct Places {
    positions: HashMap<IpNet, Position>,
    /// The lengths of prefixes there are, so that a look-up asks for no others.
    lengths: [BTreeSet<u8>; 2],
}

#[derive(Deserialize)]
struct Row {
    network: IpNet,
    #[serde(rename = "place")]
    _place: String,
    latitude: f64,
    longitude: f64,
}

impl Places {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, SetupError> {
        let wrong =
            |reason: String| SetupError(format!("places_file {}: {reason}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Self::parse(&text).map_err(wrong)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut places = Self::default();
        let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        for row in rows.deserialize() {
            let row: Row = row.map_err(|error| error.to_string())?;
            let fits =
                (-90.0..=90.0).contains(&row.latitude) && (-180.0..=180.0).contains(&row.longitude);
            if !fits {
                return Err(format!("{}: no such latitude and longitude", row.network));
            }
            let position = Position { latitude: row.latitude, longitude: row.longitude };
            let network = row.network.trunc();
            places.lengths[family(network.addr())].insert(network.prefix_len());
            places.positions.insert(network, position);
        }
        Ok(places)
    }

    /// Where an address is, if its network is known.
    pub fn find(&self, address: IpAddr) -> Option<Position> {
        let address = address.to_canonical();
        self.lengths[family(address)].iter().rev().find_map(|length| {
            let network = IpNet::new(address, *length).ok()?.trunc();
            self.positions.get(&network).copied()
        })
    }
}

fn family(address: IpAddr) -> usize {
    usize::from(address.is_ipv6())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_network_counts() {
        let text = "network,place,latitude,longitude\n\
                    10.0.0.0/8,全省,37.87,112.55\n\
                    10.4.0.0/16, 云州市 ,40.08,113.30\n\
                    fd00:4::/32,云州市,40.08,113.30\n";
        let places = Places::parse(text).unwrap();
        let latitude =
            |address: &str| places.find(address.parse().unwrap()).map(|position| position.latitude);
        assert_eq!(latitude("10.4.7.7"), Some(40.08));
        assert_eq!(latitude("10.5.7.7"), Some(37.87));
        assert_eq!(latitude("::ffff:10.4.0.1"), Some(40.08));
        assert_eq!(latitude("fd00:4::1"), Some(40.08));
        assert_eq!(latitude("192.0.2.1"), None);
    }

    #[test]
    fn a_file_that_is_none_is_told() {
        for wrong in [
            "network,place,latitude,longitude\n10.0.0.0/8,x,91,0\n",
            "network,place,latitude,longitude\nnowhere,x,1,0\n",
            "network,latitude\n10.0.0.0/8,1\n",
        ] {
            assert!(Places::parse(wrong).is_err(), "{wrong}");
        }
        let missing = Places::read(Path::new("no/such.csv")).unwrap_err().to_string();
        assert!(missing.starts_with("monitor.places_file no/such.csv"), "{missing}");
    }
}
