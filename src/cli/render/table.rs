//! How a list becomes a table: which columns a terminal has room for, how wide each is, and what stands in its place where
//! no table fits. No word of a title or of a text is broken, and nothing that is whole is.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width, presets,
};
use console::measure_text_width;

use crate::cli::render::listing::{Column, FEW_WORDS, Holds, Listing};

/// Columns side by side, one line below the header: nothing between rows that a reader has to look past.
const STYLE: TableStyle = presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));

/// A word that is longer may be broken in a table: an address or an id that is not to be is marked as whole.
const LONGEST_WORD: usize = 30;

/// How much room the columns of running text get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    ForSomeWords,
    ForEachWord,
}

impl Listing {
    /// The list as a table of at most `width` columns; where no table is so narrow without breaking words, one thing
    /// after the other, with a line for each of its columns.
    pub fn table(&self, width: u16) -> String {
        let list = self.fitting(width);
        let fits = |room: &Room| list.least_width(*room) <= width;
        let Some(room) = [Room::ForSomeWords, Room::ForEachWord].into_iter().find(fits) else {
            return self.without_empty_details().one_by_one(usize::from(width));
        };
        let mut table = list.arranged();
        table.set_width(width);
        for (index, arranged) in table.column_iter_mut().enumerate() {
            let least = Width::Fixed(list.least_column_width(index, room));
            arranged.set_constraint(ColumnConstraint::LowerBoundary(least));
        }
        table.trim_fmt()
    }

    /// Each row as lines of a title and what stands under it. Nothing that is whole is broken.
    fn one_by_one(&self, width: usize) -> String {
        let titles: Vec<String> = (0..self.columns.len()).map(|index| self.title(index)).collect();
        let margin = titles.iter().map(|title| measure_text_width(title)).max().unwrap_or_default() + 4;
        let blocks = self.rows.iter().map(|row| {
            let mut lines = Vec::new();
            for ((column, title), value) in self.columns.iter().zip(&titles).zip(row) {
                let text = column.in_table(value);
                let room = if column.whole { usize::MAX } else { width.saturating_sub(margin).max(FEW_WORDS) };
                for (number, line) in text.split('\n').flat_map(|line| broken(line, room)).enumerate() {
                    let title = if number == 0 { title.as_str() } else { "" };
                    let gap = " ".repeat(margin - 1 - measure_text_width(title));
                    lines.push(format!(" {title}{gap}{line}").trim_end().to_owned());
                }
            }
            lines.join("\n")
        });
        blocks.collect::<Vec<_>>().join("\n\n")
    }

    fn arranged(&self) -> Table {
        let mut table = Table::new();
        table.load_style(STYLE);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        let align = |column: &Column| match column.holds {
            Holds::Numbers => CellAlignment::Right,
            Holds::Text | Holds::Moments | Holds::Values => CellAlignment::Left,
        };
        let titles = self.columns.iter().enumerate();
        table.set_header(
            titles.map(|(index, column)| Cell::new(self.title(index)).set_alignment(align(column))).collect::<Vec<_>>(),
        );
        for row in &self.rows {
            let cells = row.iter().zip(&self.columns);
            table.add_row(
                cells
                    .map(|(value, column)| Cell::new(column.in_table(value)).set_alignment(align(column)))
                    .collect::<Vec<_>>(),
            );
        }
        table
    }

    /// The same list as far as it fits: without details that say nothing, and without as many others as it takes.
    fn fitting(&self, width: u16) -> Self {
        let mut list = self.without_empty_details();
        while list.least_width(Room::ForSomeWords) > width {
            let Some(spare) = list.columns.iter().rposition(|column| column.detail) else { break };
            list = list.with_columns(|index| index != spare);
        }
        list
    }

    fn without_empty_details(&self) -> Self {
        self.with_columns(|index| !self.columns[index].detail || self.rows.iter().any(|row| !row[index].is_null()))
    }

    /// The width that the table needs for nothing to be broken but between words of titles and running text.
    fn least_width(&self, room: Room) -> u16 {
        let columns = (0..self.columns.len()).map(|index| self.least_column_width(index, room).saturating_add(1));
        columns.fold(0_u16, u16::saturating_add).saturating_sub(1)
    }

    /// The width that a column needs, with the space at either side of it, for no word to be broken.
    fn least_column_width(&self, index: usize, room: Room) -> u16 {
        let column = &self.columns[index];
        let cells = self.rows.iter().map(|row| column.in_table(&row[index]));
        let (mut content, mut word) = (0, 0);
        for cell in cells {
            content = content.max(cell.split('\n').map(measure_text_width).max().unwrap_or_default());
            word = word.max(longest_word(&cell).min(LONGEST_WORD));
        }
        let needed = match room {
            _ if column.whole => content,
            Room::ForSomeWords => content.min(column.least).max(word),
            Room::ForEachWord => word,
        };
        u16::try_from(needed.max(longest_word(&self.title(index))) + 2).unwrap_or(u16::MAX)
    }
}

fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(measure_text_width).max().unwrap_or_default()
}

/// A line as several of at most `width` columns, broken between words.
fn broken(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if measure_text_width(last) + 1 + measure_text_width(word) <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::cli::render::listing::{Listing, number, text};

    #[test]
    fn a_narrow_table_leaves_out_details_and_breaks_no_id() {
        let columns = [
            text("run", "Run").shown(13),
            text("unit", "Org unit"),
            text("id", "Id").whole().detail(),
            text("note", "Note").detail(),
            text("address", "Address").whole().detail(),
        ];
        let mut listing = Listing::new(&columns, "none");
        listing.row(vec![
            json!("01a20783-90f0-7779-b82a-cd1c049d1c20"),
            json!("Haïti / Artibonite / Saint-Marc / Centre de Santé Saint-Joseph"),
            json!("aFac0000001"),
            Value::Null,
            json!("https://national.example.org/dhis"),
        ]);
        let titles = |width| {
            listing.table(width).lines().next().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(titles(120).as_deref(), Some("Run Org unit Id Address"), "a note that nothing has is left out");
        assert_eq!(titles(80).as_deref(), Some("Run Org unit Id"));
        assert_eq!(titles(40).as_deref(), Some("Run Org unit"));
        assert!(listing.table(40).contains(" 01a20783-90f0 "));
        assert!(listing.table(120).contains(" https://national.example.org/dhis"));
    }

    #[test]
    fn no_text_is_too_long_for_a_table() {
        let columns = [text("value", "Value").brief(), text("note", "Note"), text("id", "Id").whole()];
        let long = "長x".repeat(40_000);
        let mut listing = Listing::new(&columns, "none");
        for _ in 0..3 {
            listing.row(vec![json!(long), json!(long), json!(long)]);
        }
        for width in [1, 40, 80, 120, 400] {
            let table = listing.table(width);
            assert!(table.contains('…'), "{width}");
        }
        assert_eq!(listing.json()[0]["value"], json!(long), "programs get all of it");
    }

    /// Every word of every cell and title stands in the table whole, or the table is no table.
    #[test]
    fn no_word_is_broken_whatever_the_width() {
        let columns = [
            text("file", "Xfer file").whole(),
            text("routine", "Routine"),
            number("cells", "Cells written"),
            text("state", "State"),
        ];
        let mut listing = Listing::new(&columns, "none");
        let path = "/home/administrator/ministry-of-health/transfers/monthly-figures.xfer";
        listing.row(vec![json!(path), json!("surveillance"), json!(188_697), json!("older: export it again")]);
        for width in (20..200).step_by(7) {
            let table = listing.table(width);
            for word in [path, "Routine", "surveillance", "written", "188,697", "older:", "export", "again"] {
                assert!(table.contains(word), "`{word}` at {width}:\n{table}");
            }
            if width > 100 {
                assert!(table.lines().all(|line| console::measure_text_width(line) <= usize::from(width)), "{table}");
            }
        }
        let path_first = format!(" Xfer file       {path}\n Routine         surveillance\n");
        assert!(listing.table(80).starts_with(&path_first), "{}", listing.table(80));
    }
}
