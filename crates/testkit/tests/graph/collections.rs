//! Every query option on every collection that is served, relations and casts and references
//! included: right, compared with an evaluation in memory, or a 400 that names it (issue 3, point 4).

use std::collections::BTreeSet;

use comity_model::{
    resource::{
        Kind, Property, option,
        property::{Search, op},
    },
    time::Utc,
};
use comity_testkit::Engine;
use serde_json::Value;

use super::{
    fixture::Fixture,
    rig::{Rig, ok, refused},
    served::{Served, collections, fill, mark, names, pages, query, walk},
};

/// One collection under test: its objects, and what was wrong.
struct Case<'a> {
    rig: &'a Rig,
    served: &'a Served,
    /// The marks of a plain list, in order.
    plain: Vec<String>,
    /// The same objects with every property.
    whole: Vec<Value>,
    wrong: Vec<String>,
    /// The first collection of its type: every property is filtered by, and not only the key and
    /// those that lists are sorted and searched by.
    first: bool,
}

impl Case<'_> {
    fn url(&self, pairs: &[(&str, &str)]) -> String {
        format!("{}?{}", self.served.path, query(pairs))
    }

    fn offers(&self, bit: u16) -> bool {
        self.served.resource.listing.options & bit != 0
    }

    fn marks(&self, objects: &[Value]) -> Vec<String> {
        objects.iter().map(|o| mark(self.served, o)).collect()
    }

    /// The answer is a list of just these objects in this order.
    async fn is(&mut self, pairs: &[(&str, &str)], want: &[String]) {
        let url = self.url(pairs);
        let answer = self.rig.eventual(&url).await;
        if answer.status != 200 {
            self.wrong.push(format!("{url}: {}", answer.text()));
            return;
        }
        let objects = pages(self.rig, answer.json().unwrap()).await;
        let have = self.marks(&objects);
        if have != want {
            self.wrong.push(format!("{url}: {have:?} and not {want:?}"));
        }
    }

    /// The answer is a 400 that says one of these words.
    async fn refuses(&mut self, pairs: &[(&str, &str)], words: &[&str]) {
        let url = self.url(pairs);
        self.refuses_at(&url, words).await;
    }

    async fn refuses_at(&mut self, url: &str, words: &[&str]) {
        let answer = self.rig.eventual(url).await;
        if answer.status != 400 {
            self.wrong
                .push(format!("{url}: {} {}", answer.status, answer.text()));
            return;
        }
        let message = refused(&answer).2;
        if !words.iter().any(|w| message.contains(w)) {
            self.wrong
                .push(format!("{url}: does not say why: {message}"));
        }
    }

    /// The marks of the objects that fulfil a condition.
    fn those(&self, holds: impl Fn(&Value) -> bool) -> Vec<String> {
        let key = self.served.resource.key;
        let fulfil: BTreeSet<&str> = self
            .whole
            .iter()
            .filter(|o| holds(o))
            .map(|o| o[key].as_str().unwrap())
            .collect();
        let plain = self.plain.iter();
        plain
            .filter(|m| fulfil.contains(m.as_str()))
            .cloned()
            .collect()
    }

    async fn select(&mut self) {
        let all = names(self.served.resource);
        if self.served.references {
            return self.refuses(&[("$select", "id")], &["$select"]).await;
        }
        let key = self.served.resource.key;
        for name in [key, "displayName", all[0]] {
            if !all.contains(&name) {
                continue;
            }
            self.is(&[("$select", name)], &self.plain.clone()).await;
            for object in walk(self.rig, &self.url(&[("$select", name)])).await {
                let mut served = object.as_object().unwrap().keys();
                if served.any(|n| !n.contains('@') && n != key && n != name) {
                    self.wrong
                        .push(format!("{}: $select={name}: {object}", self.served.path));
                }
            }
        }
        for (bad, says) in [("nothing", "nothing"), ("", "''"), ("a/b", "a/b")] {
            self.refuses(&[("$select", bad)], &[says]).await;
        }
    }

    async fn pages(&mut self) {
        let plain = self.plain.clone();
        if self.offers(option::TOP) {
            self.is(&[("$top", "1")], &plain).await;
            self.is(&[("$top", "2")], &plain).await;
            if plain.len() > 1 {
                let page = ok(&self.rig.eventual(&self.url(&[("$top", "1")])).await);
                if page["value"].as_array().unwrap().len() != 1 {
                    self.wrong.push(format!("{}: $top=1", self.served.path));
                }
            }
        }
        let most = (self.served.resource.listing.most + 1).to_string();
        for bad in ["0", "-1", "1.5", "many", "", most.as_str()] {
            self.refuses(&[("$top", bad)], &["page size"]).await;
        }
    }

    async fn skip(&mut self) {
        let plain = self.plain.clone();
        if self.offers(option::SKIP) {
            let behind = plain.get(1..).unwrap_or_default();
            self.is(&[("$skip", "1")], behind).await;
            self.is(&[("$skip", "1000000")], &[]).await;
        } else {
            self.refuses(&[("$skip", "0")], &["$skip"]).await;
        }
        for bad in ["-1", "x", ""] {
            self.refuses(&[("$skip", bad)], &["$skip"]).await;
        }
        for bad in ["", "x", "AAAA"] {
            self.refuses(&[("$skiptoken", bad)], &["token"]).await;
        }
    }

    async fn count(&mut self) {
        let all = self.plain.len();
        if self.offers(option::COUNT) {
            let url = self.url(&[("$count", "true")]);
            let answer = self.rig.eventual(&url).await;
            let counted = answer.json().unwrap_or_default()["@odata.count"].clone();
            if counted != all {
                self.wrong.push(format!("{url}: {counted} and not {all}"));
            }
            let plain = self.plain.clone();
            self.is(&[("$count", "false")], &plain).await;
        } else {
            self.refuses(&[("$count", "true")], &["$count"]).await;
        }
        self.refuses(&[("$count", "perhaps")], &["$count"]).await;
    }

    async fn segment(&mut self) {
        let path = format!("{}/$count", self.served.objects());
        if !self.offers(option::COUNT) {
            return self.refuses_at(&path, &["$count"]).await;
        }
        let answer = self.rig.eventual(&path).await;
        if answer.text() != self.plain.len().to_string() {
            self.wrong.push(format!("{path}: {}", answer.text()));
        }
        if self.served.resource.listing.advanced {
            let answer = self.rig.get(&path).await;
            if answer.status != 400 || !answer.text().contains("ConsistencyLevel") {
                self.wrong.push(format!("{path}: {}", answer.text()));
            }
        }
        for name in [
            "$select",
            "$expand",
            "$orderby",
            "$top",
            "$skip",
            "$count",
            "$skiptoken",
            "$format",
            "@id",
        ] {
            self.refuses_at(&format!("{path}?{name}=1"), &[name]).await;
        }
    }

    async fn order(&mut self) {
        let found: Vec<&Property> = properties(self.served);
        for property in found.iter().filter(|p| p.order) {
            if !self.offers(option::ORDER) {
                break;
            }
            for word in ["", " asc", " desc"] {
                let want = self.sorted(property, word == " desc");
                let asked = format!("{}{word}", property.name);
                self.is(&[("$orderby", &asked)], &want).await;
                self.is(&[("$orderby", &asked), ("$top", "2")], &want).await;
            }
        }
        let unsorted = found.iter().find(|p| !p.order).unwrap().name;
        let sideways = format!("{} sideways", found[0].name);
        for bad in [unsorted, "nothing", "", sideways.as_str()] {
            let says = [bad, "rderby", "''"];
            self.refuses(&[("$orderby", bad)], &says).await;
        }
    }

    fn sorted(&self, property: &Property, descending: bool) -> Vec<String> {
        let key = self.served.resource.key;
        let mut objects = self.whole.clone();
        let newest = descending && self.served.resource.listing.descending;
        objects.sort_by(|a, b| {
            let text = |o: &Value, name: &str| o[name].as_str().map(str::to_lowercase);
            let value = |o: &Value| match (property.kind, o[property.name].as_str()) {
                (Kind::Time, Some(time)) => Utc::parse(time).map(|t| format!("{:020}", t.micros())),
                _ => text(o, property.name),
            };
            let (x, y) = (value(a), value(b));
            let names = match (x, y) {
                (None, None) => std::cmp::Ordering::Equal,
                // What is missing is last in either direction.
                (None, _) => std::cmp::Ordering::Greater,
                (_, None) => std::cmp::Ordering::Less,
                (x, y) if descending => y.cmp(&x),
                (x, y) => x.cmp(&y),
            };
            let keys = text(a, key).cmp(&text(b, key));
            names.then(if newest { keys.reverse() } else { keys })
        });
        let marks = objects.iter().map(|o| o[key].as_str().unwrap().to_owned());
        marks.collect()
    }

    async fn search(&mut self) {
        let term = |name: &str, text: &str| format!("\"{name}:{text}\"");
        if !self.offers(option::SEARCH) {
            return self
                .refuses(&[("$search", &term("displayName", "a"))], &["$search"])
                .await;
        }
        for property in properties(self.served) {
            let words = |o: &Value| words(property, &o[property.name]);
            if property.search == Search::No {
                let asked = term(property.name, "a");
                self.refuses(&[("$search", &asked)], &[property.name]).await;
                continue;
            }
            let Some(word) = self.whole.iter().flat_map(words).next() else {
                continue;
            };
            let want = self.those(|o| words(o).iter().any(|w| w.starts_with(&word)));
            let asked = term(property.name, &word);
            self.is(&[("$search", &asked)], &want).await;
            let nobody = term(property.name, "zzzzz");
            self.is(&[("$search", &nobody)], &[]).await;
        }
        for bad in ["", "displayName:a", "\"a\"", "\"nothing:a\""] {
            self.refuses(&[("$search", bad)], &["earch", "yntax", "nothing"])
                .await;
        }
        if self.served.resource.listing.advanced {
            let url = self.url(&[("$search", &term("displayName", "a"))]);
            let answer = self.rig.get(&url).await;
            if answer.status != 400 || !answer.text().contains("ConsistencyLevel") {
                self.wrong.push(format!("{url}: {}", answer.text()));
            }
        }
    }

    async fn filter(&mut self) {
        if !self.offers(option::FILTER) {
            return self
                .refuses(&[("$filter", "id eq 'x'")], &["$filter"])
                .await;
        }
        let key = self.served.resource.key;
        for property in properties(self.served) {
            let usual = property.order || property.name == key;
            if self.first || usual || property.search != Search::No {
                self.filtered(property).await;
            }
        }
        for bad in ["", "nothing eq 1", "id eq", "id like 'x'", "(id eq 'x'"] {
            self.refuses(&[("$filter", bad)], &["yntax", "nothing", "filter", "'id'"])
                .await;
        }
    }

    /// Every operator that the description allows, and a refusal of every one that it does not.
    async fn filtered(&mut self, property: &'static Property) {
        let name = property.name;
        if property.many || !property.fields.is_empty() {
            return self.filtered_list(property).await;
        }
        let value = self.whole.iter().map(|o| o[name].clone());
        let value = value.clone().find(|v| !v.is_null());
        let Some(text) = value.as_ref().and_then(|v| literal(property, v)) else {
            return;
        };
        let value = value.unwrap();
        let same = self.those(|o| equal(&o[name], &value));
        let others = self.those(|o| !equal(&o[name], &value));
        let text_of = |o: &Value| o[name].as_str().unwrap_or("\0").to_lowercase();
        let whole = value.as_str().unwrap_or_default().to_lowercase();
        let end: String = whole.chars().skip(1).collect();
        let begin: String = whole.chars().take(2).collect();
        let begins = self.those(|o| text_of(o).starts_with(&begin));
        let ends = self.those(|o| text_of(o).ends_with(&end));
        let quoted = |t: &str| t.replace('\'', "''");
        for (bit, asked, want) in [
            (op::EQ, format!("{name} eq {text}"), &same),
            (op::NE, format!("{name} ne {text}"), &others),
            (op::EQ | op::NOT, format!("not({name} eq {text})"), &others),
            (op::IN, format!("{name} in ({text})"), &same),
            (
                op::STARTS,
                format!("startswith({name},'{}')", quoted(&begin)),
                &begins,
            ),
            (
                op::ENDS,
                format!("endswith({name},'{}')", quoted(&end)),
                &ends,
            ),
            (
                op::NULL,
                format!("{name} ne null"),
                &self.those(|o| !o[name].is_null()),
            ),
        ] {
            let pairs = [("$filter", asked.as_str()), ("$count", "true")];
            let pairs = &pairs[..=usize::from(self.offers(option::COUNT))];
            let odd = bit == op::NULL && property.filter & op::NE == 0;
            if odd {
                continue;
            }
            if property.filter & bit == bit {
                self.is(pairs, want).await;
            } else {
                self.refuses(pairs, &[name]).await;
            }
        }
    }

    async fn filtered_list(&mut self, property: &'static Property) {
        let name = property.name;
        self.refuses(&[("$filter", &format!("{name} eq 'x'"))], &[name])
            .await;
        let simple = matches!(property.kind, Kind::Text) && property.filter & op::EQ != 0;
        let elements = |o: &Value| o[name].as_array().cloned().unwrap_or_default();
        let Some(value) = self.whole.iter().flat_map(elements).next() else {
            return;
        };
        let Some(text) = literal(property, &value).filter(|_| simple && property.many) else {
            return;
        };
        let want = self.those(|o| elements(o).iter().any(|e| equal(e, &value)));
        let asked = format!("{name}/any(x:x eq {text})");
        self.is(&[("$filter", &asked)], &want).await;
    }

    async fn expand(&mut self) {
        if self.served.references {
            return self.refuses(&[("$expand", "owners")], &["$expand"]).await;
        }
        for navigation in self.served.resource.navigations {
            let name = navigation.name;
            let deleted = self.served.path.contains("deletedItems");
            if !navigation.expand || !self.offers(option::EXPAND) || deleted {
                self.refuses(&[("$expand", name)], &[name, "$expand"]).await;
                continue;
            }
            for asked in [name.to_owned(), format!("{name}($select=id)")] {
                let url = self.url(&[("$expand", &asked)]);
                self.is(&[("$expand", &asked)], &self.plain.clone()).await;
                for object in walk(self.rig, &url).await {
                    let fits = if navigation.many {
                        object[name].is_array()
                    } else {
                        object[name].is_object()
                    };
                    if !fits {
                        self.wrong.push(format!("{url}: {object}"));
                    }
                }
            }
        }
        for bad in ["nothing", "", "memberOf($top=1)", "memberOf("] {
            self.refuses(&[("$expand", bad)], &["xpand"]).await;
        }
    }

    async fn unknown(&mut self) {
        for (name, value) in [
            ("$format", "json"),
            ("$apply", "x"),
            ("$levels", "1"),
            ("$deltatoken", "x"),
            ("fitler", "x"),
            ("@id", "x"),
            ("$id", "x"),
        ] {
            self.refuses(&[(name, value)], &[name, "@id"]).await;
        }
        for (name, value) in [("$select", "id"), ("$top", "1"), ("$count", "true")] {
            self.refuses(&[(name, value), (&name[1..], value)], &[name])
                .await;
        }
    }
}

/// The properties of a collection, each name once: as the product finds them.
fn properties(served: &Served) -> Vec<&'static Property> {
    let names = names(served.resource).into_iter();
    names
        .map(|n| served.resource.property(n).unwrap())
        .collect()
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a.to_lowercase() == b.to_lowercase(),
        _ => a == b,
    }
}

/// A value in the notation of `$filter`.
fn literal(property: &Property, value: &Value) -> Option<String> {
    match (property.kind, value) {
        (Kind::Guid, Value::String(text)) if text.is_empty() => None,
        (Kind::Text | Kind::Words(_) | Kind::Enum(..) | Kind::Guid, Value::String(text)) => {
            Some(format!("'{}'", text.replace('\'', "''")))
        }
        (Kind::Time, Value::String(text)) => Some(text.clone()),
        (Kind::Bool, Value::Bool(_)) | (Kind::Int, Value::Number(_)) => Some(value.to_string()),
        _ => None,
    }
}

/// What `$search` may look for in a value.
fn words(property: &Property, value: &Value) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let texts = texts.into_iter().map(str::to_lowercase);
    if property.search == Search::Prefix {
        return texts.collect();
    }
    let split = |text: String| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|w| !w.is_empty());
        words.map(str::to_owned).collect()
    };
    texts.flat_map(split).collect()
}

async fn judge(rig: &Rig, served: &Served, first: bool) -> Vec<String> {
    let listed = walk(rig, &served.path).await;
    let mut case = Case {
        rig,
        served,
        plain: listed.iter().map(|o| mark(served, o)).collect(),
        whole: served.whole(rig).await,
        wrong: Vec::new(),
        first,
    };
    if served.filled && listed.is_empty() {
        case.wrong
            .push(format!("{} is empty: the test sees nothing", served.path));
    }
    case.select().await;
    case.pages().await;
    case.skip().await;
    case.unknown().await;
    case.expand().await;
    case.count().await;
    case.segment().await;
    case.order().await;
    case.search().await;
    case.filter().await;
    case.wrong
}

#[tokio::test]
async fn every_option_of_every_collection_is_right_or_refused_by_name() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        fill(&rig, &fixture).await;
        let all = collections(&fixture);
        assert!(all.len() > 60, "{}", all.len());
        let mut wrong = Vec::new();
        let mut seen = BTreeSet::new();
        for served in &all {
            let name = served.resource.name;
            let first = served.filled && !served.references && seen.insert(name);
            wrong.extend(judge(&rig, served, first).await);
        }
        assert!(
            wrong.is_empty(),
            "{} in {} collections\n{}",
            wrong.len(),
            all.len(),
            wrong.join("\n")
        );
    }
}
