//! Whoever watches is told under the reader's lock: so in the order in which things happen.

use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use super::*;
use crate::slot::Straight;

/// Notes what it is told, and whether somebody else could have changed the reader meanwhile.
#[derive(Default)]
struct Notes {
    reader: OnceLock<Arc<Reader>>,
    told: Mutex<Vec<(String, bool)>>,
}

impl Observer for Notes {
    fn saw(&self, seen: &Seen<'_>) {
        let is_held = self.reader.get().is_some_and(|reader| reader.inner.try_lock().is_err());
        let what = format!("{:?}", seen.what);
        lock(&self.told).push((what.split('(').next().unwrap_or_default().to_owned(), is_held));
    }
}

#[test]
fn whoever_watches_is_told_before_anything_else_can_happen_to_the_reader() {
    let notes = Arc::new(Notes::default());
    let observer: Arc<dyn Observer> = notes.clone();
    let name = ReaderName::new("reader").unwrap();
    let reader = Arc::new(Reader::new(name, 0, Box::new(Straight::default()), false, Some(&observer)));
    let _ = notes.reader.set(Arc::clone(&reader));
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let client = Arc::new(Client::new(1, ours, 0));
    reader.come(None);
    // There is no card; a connection to the reader alone needs none.
    assert!(reader.connect(&client, 1, Share::Shared, protocol::T0).is_err());
    assert!(reader.connect(&client, 2, Share::Shared, 0).is_err());
    for card in [3, 4] {
        reader.connect(&client, card, Share::Direct, 0).unwrap();
    }
    reader.disconnect(&client, 3, Disposition::Leave).unwrap();
    reader.abandon(&client, 4);
    reader.unplug();
    let expected = ["ReaderCame", "Connected", "Connected", "Connected", "Connected"];
    let expected = expected.iter().chain(&["Disconnected", "Disconnected", "ReaderWent"]);
    assert_eq!(*lock(&notes.told), expected.map(|what| ((*what).to_owned(), true)).collect::<Vec<_>>());
}
