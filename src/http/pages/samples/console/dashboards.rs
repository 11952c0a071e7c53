//! The dashboards: a context for each state of their page, drawn by what draws them.

use serde_json::Value;
use serde_json::json;

use super::Sample;
use super::officer;
use super::security_officer;
use crate::http::chart;

/// Every state worth seeing.
pub fn all() -> Vec<Sample> {
    let ranges = json!(["24h", "14d", "12m"]);
    let page = |who: Value,
                range: &str,
                (region, small): (Option<&str>, bool),
                charts: Vec<Value>| {
        json!({
            "officer": who, "range": range, "ranges": ranges, "charts": charts, "region": region,
            "region_is_small": small,
        })
    };
    let admin = |region| officer("region_administrator", Some(region), &["people", "dashboards"]);
    let of_region = vec![by_city("regions", "logins"), by_city("accounts", "accounts")];
    let template = "console/dashboards.html";
    vec![
        ("console-dashboards", template, page(security_officer(), "14d", (None, false), busy())),
        (
            "console-dashboards-quiet",
            template,
            page(security_officer(), "24h", (None, false), quiet()),
        ),
        (
            "console-dashboards-region",
            template,
            page(admin("云州市"), "12m", (Some("云州市"), false), of_region),
        ),
        (
            "console-dashboards-county",
            template,
            page(admin("城关区"), "24h", (Some("城关区"), true), Vec::new()),
        ),
    ]
}

fn busy() -> Vec<Value> {
    let row = |label: &str, name: &str, values: &[i64], bar: Option<f64>| json!({ "label": label, "name": name, "values": values, "bar": bar });
    let day = |factor: i64| -> Vec<i64> {
        (0..14).map(|place| factor * (310 - 40 * ((place + 2) % 7) + 9 * place)).collect()
    };
    vec![
        chart(
            "logins",
            &[("", &["done", "refused"], vec![day(812), day(61)])],
            &["done", "refused"],
            &[
                row("password", "", &[1_846_207, 141_988], Some(100.0)),
                row("sms", "", &[402_118, 9_310], Some(20.7)),
                row("totp", "", &[96_400, 1_207], Some(4.9)),
                row("recovery_code", "", &[311, 12], Some(0.75)),
            ],
        ),
        by_city("regions", "logins"),
        chart(
            "portals",
            &[("", &["logins"], vec![day(774)])],
            &["logins"],
            &[
                row("c1", "某某省政务服务网", &[1_204_118], Some(100.0)),
                row("c2", "云州市民生服务平台", &[88_310], Some(7.3)),
            ],
        ),
        chart(
            "failures",
            &[("", &["refused"], vec![day(70)])],
            &["refused"],
            &[
                row("login", "", &[151_310], Some(100.0)),
                row("client_authentication_refused", "", &[1_204], Some(0.8)),
            ],
        ),
        by_city("accounts", "accounts"),
        chart(
            "levels",
            &[],
            &["active", "locked", "stopped", "cancelled"],
            &[
                row("0", "", &[0, 0, 0, 0], Some(0.0)),
                row("1", "", &[4_688_031, 1_904, 388, 40_112], Some(100.0)),
                row("2", "", &[202_118, 17, 3, 1_020], Some(4.3)),
                row("3", "", &[31_900, 2, 0, 114], Some(0.75)),
            ],
        ),
        chart(
            "latency",
            &[
                ("login", &["p50", "p95", "p99"], vec![vec![38; 14], vec![44; 14], day(1)]),
                ("token", &["p50", "p95", "p99"], vec![vec![3; 14], vec![6; 14], vec![5; 14]]),
            ],
            &["answers", "p50", "p95", "p99"],
            &[
                row("login", "", &[4_120_338, 38, 82, 288], None),
                row("token", "", &[2_410_007, 3, 9, 14], None),
            ],
        ),
        chart(
            "outbox",
            &[("", &["waiting", "given_up"], vec![vec![3; 14], vec![1; 14]])],
            &["waiting", "due", "given_up"],
            &[
                row("logout_tokens", "", &[3, 2, 1], None),
                row("alerts", "", &[0, 0, 0], None),
                row("notices", "", &[2, 0, 0], None),
            ],
        ),
    ]
}

fn by_city(measure: &str, column: &'static str) -> Value {
    let counts = (0..14).map(|place| 800 + 410 * (place % 5)).collect();
    let row = |label: &str, name: &str, value: i64, bar: f64| json!({ "label": label, "name": name, "values": [value], "bar": bar });
    let rows = vec![
        row("9901", "云州市", 1_310_224, 100.0),
        row("9902", "某某省 青川市", 640_010, 48.8),
        row("none", "", 1_204, 0.75),
    ];
    chart(measure, &[("", &[column], vec![counts])], &[column], &rows)
}

fn quiet() -> Vec<Value> {
    let none =
        |measure: &str| chart(measure, &[("", &["done"], vec![vec![0; 24]])], &["done"], &[]);
    ["logins", "regions", "portals", "failures", "accounts", "levels", "latency", "outbox"]
        .map(none)
        .into()
}

type Plot<'a> = (&'a str, &'a [&'static str], Vec<Vec<i64>>);

fn chart(measure: &str, plots: &[Plot<'_>], columns: &[&str], rows: &[Value]) -> Value {
    let plots: Vec<Value> = plots
        .iter()
        .map(|(label, series, counts)| {
            let times: Vec<String> =
                (0..counts[0].len()).map(|day| format!("11-{:02}", day + 11)).collect();
            let row = |(place, time): (usize, &String)| {
                let values: Vec<i64> = counts.iter().map(|series| series[place]).collect();
                json!({ "time": time, "values": values })
            };
            json!({
                "label": label, "series": series, "drawing": chart::columns(counts),
                "axis": times.iter().step_by(2).take(7).collect::<Vec<_>>(),
                "rows": times.iter().enumerate().map(row).collect::<Vec<_>>(),
            })
        })
        .collect();
    let total: i64 = rows.iter().filter_map(|row| row["values"][0].as_i64()).sum();
    let looked_at = ["levels", "outbox"].contains(&measure).then_some("2026-11-24 09:31");
    json!({
        "measure": measure, "total": total, "plots": plots, "columns": columns, "rows": rows,
        "looked_at": looked_at,
    })
}
