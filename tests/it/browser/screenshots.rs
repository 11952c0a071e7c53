//! Pictures of every page in `target/screenshots`, for people to look at: `YIHAO_TEST_SCREENSHOTS=1`.

use std::path::Path;
use std::path::PathBuf;

use super::Visit;
use super::states::Eye;
use super::states::Look;

/// A phone and a desk.
const WIDTHS: [u32; 2] = [360, 1440];

struct Camera {
    folder: PathBuf,
}

impl Eye for Camera {
    async fn look(&mut self, visit: &Visit, name: &str) {
        for width in WIDTHS {
            visit.window.resize(width).await;
            let file = self.folder.join(format!("{name}-{width}.png"));
            std::fs::write(file, visit.window.picture().await).expect("the picture is kept");
        }
    }
}

async fn take(folder: &str, look: Look) {
    if std::env::var("YIHAO_TEST_SCREENSHOTS").is_err() {
        return;
    }
    let Some(visit) = Visit::start().await else { return };
    let shots = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    let mut camera = Camera { folder: shots.join(folder) };
    std::fs::create_dir_all(&camera.folder).expect("a folder for pictures");
    visit.see_everything(look, &mut camera).await;
}

#[tokio::test]
async fn pictures_in_chinese() {
    take("zh-CN", Look { locale: "zh-CN", elder: false }).await;
}

#[tokio::test]
async fn pictures_in_english() {
    take("en", Look { locale: "en", elder: false }).await;
}

#[tokio::test]
async fn pictures_in_large_print() {
    take("elder", Look { locale: "zh-CN", elder: true }).await;
}
