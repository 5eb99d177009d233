//! Records are written once and numbered without gaps.

use super::{
    contract,
    fixture::{audit_record, guid, sign_in_record, two_tenants},
};

contract!(records_are_numbered_without_gaps, store, {
    let [one, two] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    for number in [3, 1, 2] {
        tx.tenant(one)
            .audit_records()
            .insert(&audit_record(number))
            .await
            .unwrap();
        tx.tenant(one)
            .sign_in_records()
            .insert(&sign_in_record(number))
            .await
            .unwrap();
    }
    tx.tenant(two)
        .audit_records()
        .insert(&audit_record(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    let found = read
        .tenant(one)
        .sign_in_records()
        .find(guid(10, 1))
        .await
        .unwrap();
    assert_eq!(found, Some(sign_in_record(1)));
    assert_eq!(
        read.tenant(two)
            .sign_in_records()
            .find(guid(10, 1))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        read.tenant(one)
            .sign_in_records()
            .by_correlation(guid(9, 1))
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        read.tenant(one)
            .audit_records()
            .find(guid(8, 3))
            .await
            .unwrap(),
        Some(audit_record(3))
    );
    assert_eq!(
        read.cloud()
            .tenants_with_unnumbered_records()
            .await
            .unwrap(),
        [one, two]
    );

    let tx = store.begin().await.unwrap();
    assert_eq!(tx.tenant(one).audit_records().number().await.unwrap(), 3);
    assert_eq!(tx.tenant(one).sign_in_records().number().await.unwrap(), 3);
    assert_eq!(tx.tenant(one).audit_records().number().await.unwrap(), 0);
    tx.tenant(one)
        .audit_records()
        .insert(&audit_record(4))
        .await
        .unwrap();
    assert_eq!(tx.tenant(one).audit_records().number().await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(
        read.cloud()
            .tenants_with_unnumbered_records()
            .await
            .unwrap(),
        [two]
    );
    let sql = "SELECT id, sequence FROM audit_records WHERE sequence IS NOT NULL ORDER BY sequence";
    let rows = crate::contract::read(&store, sql, vec![]).await;
    let numbered: Vec<_> = rows
        .iter()
        .map(|r| (r.uuid("id").unwrap(), r.int("sequence").unwrap()))
        .collect();
    assert_eq!(
        numbered,
        (1..=4)
            .map(|n| (guid(8, n), i64::from(n)))
            .collect::<Vec<_>>()
    );
});
