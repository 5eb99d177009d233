//! Lists for `model::query`: filter, order and page in SQL as far as columns reach, the rest in
//! memory by the model's own evaluator, so that both give the same answer.

use comity_model::query::{Listing, Query, matches};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::Scoped,
    query::{Column, Compiler, order_by},
    row::{Row, read_all},
    statement::Sql,
};

/// A table that Graph lists.
pub(crate) struct Listed<T> {
    pub(crate) table: &'static str,
    /// What `read` needs.
    pub(crate) select: &'static str,
    /// Rows that are listed at all, with a leading ` AND `, or nothing.
    pub(crate) live: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) read: fn(&Row) -> Result<T>,
}

/// Rows looked at in one step where memory judges.
const STEP: usize = 500;

/// A Graph object.
pub type Object = Map<String, Json>;

impl<M> Scoped<'_, M> {
    /// Answers a query; `render` makes the Graph object, with the columns under their Graph names.
    pub(crate) async fn list<T>(
        &self,
        listed: &Listed<T>,
        query: &Query,
        render: impl Fn(&T) -> Object,
    ) -> Result<Listing> {
        let mut compiler = Compiler::new(listed.columns);
        let condition = compiler.condition(query);
        let ordered = compiler.order(query).is_some();
        if !ordered || (query.count && !condition.exact) {
            let sql = listed.statement(listed.select, &[condition.sql], "");
            let rows = read_all(&self.all(sql, compiler.into_values()).await?, listed.read)?;
            return Ok(query.apply(rows.iter().map(render)));
        }
        let count = if query.count {
            Some(self.count(listed, query).await?)
        } else {
            None
        };
        let mut listing = if condition.exact {
            self.exact_page(listed, query, render).await?
        } else {
            self.judged_page(listed, query, render).await?
        };
        listing.count = count;
        Ok(listing)
    }

    async fn count<T>(&self, listed: &Listed<T>, query: &Query) -> Result<u64> {
        let mut compiler = Compiler::new(listed.columns);
        let condition = compiler.condition(query).sql;
        let sql = listed.statement("COUNT(*) AS total", &[condition], "");
        let row = self.one(sql, compiler.into_values()).await?;
        let total = row.map_or(Ok(0), |row| row.int("total"))?;
        Ok(u64::try_from(total).unwrap_or(0))
    }

    async fn exact_page<T>(
        &self,
        listed: &Listed<T>,
        query: &Query,
        render: impl Fn(&T) -> Object,
    ) -> Result<Listing> {
        let size = query.page.size;
        let step = Step {
            limit: size.saturating_add(1),
            skip: query.page.skip,
        };
        let rows = self.step(listed, query, step).await?;
        let more = rows.len() > size;
        Ok(Listing {
            items: rows.iter().take(size).map(render).collect(),
            more,
            count: None,
        })
    }

    /// Goes on until the page is full: the condition was too wide.
    async fn judged_page<T>(
        &self,
        listed: &Listed<T>,
        query: &Query,
        render: impl Fn(&T) -> Object,
    ) -> Result<Listing> {
        let wanted = query
            .page
            .size
            .saturating_add(1)
            .saturating_add(query.page.skip);
        let mut items: Vec<Object> = Vec::new();
        let mut at = query.clone();
        loop {
            let rows = self
                .step(
                    listed,
                    &at,
                    Step {
                        limit: STEP,
                        skip: 0,
                    },
                )
                .await?;
            let objects: Vec<Object> = rows.iter().map(&render).collect();
            at.page.after = objects.last().map(|last| query.position(last));
            let ended = objects.len() < STEP;
            items.extend(objects.into_iter().filter(|o| fulfils(query, o)));
            if ended || items.len() >= wanted {
                break;
            }
        }
        items.drain(..query.page.skip.min(items.len()));
        let more = items.len() > query.page.size;
        items.truncate(query.page.size);
        Ok(Listing {
            items,
            more,
            count: None,
        })
    }

    async fn step<T>(&self, listed: &Listed<T>, query: &Query, step: Step) -> Result<Vec<T>> {
        let mut compiler = Compiler::new(listed.columns);
        let condition = compiler.condition(query).sql;
        let order = compiler.order(query).unwrap_or_default();
        let after = query
            .page
            .after
            .as_ref()
            .map(|position| compiler.after(&order, position));
        let bound = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let limit = compiler.bind(bound(step.limit).into());
        let skip = compiler.bind(bound(step.skip).into());
        let tail = [
            " ORDER BY ",
            &order_by(&order),
            " LIMIT ",
            &limit,
            " OFFSET ",
            &skip,
        ]
        .concat();
        let sql = listed.statement(listed.select, &[condition, after], &tail);
        let rows = self.all(sql, compiler.into_values()).await?;
        read_all(&rows, listed.read)
    }
}

impl<M> Scoped<'_, M> {
    /// The listed ones among these keys, in no order.
    pub(crate) async fn among<T>(&self, listed: &Listed<T>, ids: &[Uuid]) -> Result<Vec<T>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut compiler = Compiler::new(listed.columns);
        let names: Vec<String> = ids.iter().map(|id| compiler.bind((*id).into())).collect();
        let condition = ["id IN (", &names.join(", "), ")"].concat();
        let sql = listed.statement(listed.select, &[Some(condition)], "");
        read_all(&self.all(sql, compiler.into_values()).await?, listed.read)
    }
}

struct Step {
    limit: usize,
    skip: usize,
}

fn fulfils(query: &Query, object: &Object) -> bool {
    query
        .filter
        .as_ref()
        .is_none_or(|filter| matches(filter, object))
        && query
            .search
            .as_ref()
            .is_none_or(|search| search.matches(object))
}

impl<T> Listed<T> {
    fn statement(&self, what: &str, conditions: &[Option<String>], tail: &str) -> Sql {
        let mut more = String::new();
        for condition in conditions.iter().flatten() {
            more.extend([" AND (", condition, ")"]);
        }
        let Self { table, live, .. } = self;
        // sql: fixed names, and the compiler's text, in which every value is a parameter.
        let text = format!("SELECT {what} FROM {table} WHERE tenant_id = $1{live}{more}{tail}");
        Sql::compiled(table, text)
    }
}
