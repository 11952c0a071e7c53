//! The least HTML a portal needs: text that is escaped because there is no other way to add it
//! (HTML Living Standard §13.3, escaping a string).

use std::fmt::Write;

/// A piece of HTML. Outside text enters by [`Html::text`] and [`Html::open`] only, escaped.
#[derive(Default)]
pub struct Html(String);

impl Html {
    /// Adds markup of our own; a literal, so nothing from outside can be in it.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        escape(&mut self.0, text);
        self
    }

    /// Opens an element whose attribute values may come from outside. The values are quoted and
    /// escaped; an address must be checked by whoever makes it.
    pub fn open(&mut self, name: &'static str, attributes: &[(&'static str, &str)]) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            // Writing to a string cannot fail.
            let _ = write!(self.0, " {name}=\"");
            escape(&mut self.0, value);
            self.0.push('"');
        }
        self.0.push('>');
        self
    }

    /// An element that holds text alone.
    pub fn element(
        &mut self,
        name: &'static str,
        attributes: &[(&'static str, &str)],
        text: &str,
    ) -> &mut Self {
        self.open(name, attributes).text(text);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }

    /// The finished text.
    pub fn finish(self) -> String {
        self.0
    }
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Html;

    #[test]
    fn outside_text_stays_text_in_elements_and_attributes() {
        let mut html = Html::default();
        html.element("p", &[("title", "\"><script>")], "<b>李&'四'</b>");
        assert_eq!(
            html.finish(),
            "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt;李&amp;&#39;四&#39;&lt;/b&gt;</p>"
        );
    }
}
