//! A record in whole: an application with its photo and checks, a card with its history, an account with its entries.

use axum::http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::queue::links;
use super::{Asked, Page};
use crate::acts::Acts;

impl<A: Acts> Asked<'_, A> {
    /// An application: where it stands and why, its photo, everything that is known of it, and what was done to it.
    pub(super) async fn application(&self, number: &str) -> Page {
        let shown = self.ask(self.act("application.show")?, json!({"number": number}), None).await?;
        let photo = if shown["has_photo"] == true {
            self.photo(number).await
        } else {
            html! {}
        };
        let standing = &shown["standing"];
        let look = self.look();
        let mut rest = shown.clone();
        if let Some(fields) = rest.as_object_mut() {
            fields.retain(|name, _| !["standing", "steps", "form", "returned", "has_photo"].contains(&name.as_str()));
        }
        let content = html! {
            (self.waiting(standing, number))
            (photo)
            (look.value("", &rest))
            @for (name, en, zh) in [
                ("returned", "Why it was returned", "退回原因"),
                ("form", "What was filled in", "填报内容"),
                ("steps", "History", "办理记录"),
            ] {
                @if let Some(part) = shown.get(name).filter(|part| part.as_array().is_none_or(|all| !all.is_empty())) {
                    h2 { (self.say(en, zh)) }
                    (look.value(name, part))
                }
            }
            (self.making(number).await)
        };
        let title = format!("{} {number}", self.say("Application", "申请"));
        Ok(self.visit.page(StatusCode::OK, &title, &content))
    }

    /// Where a record stands, until when, why, and how it goes on.
    fn waiting(&self, standing: &Value, number: &str) -> Markup {
        let look = self.look();
        let waiting = &standing["waiting"];
        html! {
            p {
                strong { (look.value("state", standing.get("state").or_else(|| standing.get("stage")).unwrap_or(&Value::Null))) }
                @if let Some(why) = waiting[self.say("why_en", "why_zh")].as_str() { " — " (why) }
                @if let Some(until) = standing["until"].as_str().or_else(|| waiting["until"].as_str()) {
                    ", " (self.say("until ", "期限 ")) (until)
                }
            }
            p { (links(waiting, number)) }
        }
    }

    /// The photo, if this role may see it; otherwise why not.
    async fn photo(&self, number: &str) -> Markup {
        let Ok(act) = self.act("application.show-photo") else {
            return html! {};
        };
        match self.ask(act, json!({"number": number}), None).await {
            Ok(photo) => {
                let jpeg = photo["jpeg"].as_str().unwrap_or_default();
                html! { img .photo alt=(self.say("Photo", "照片")) src={ "data:image/jpeg;base64," (jpeg) }; }
            }
            Err(problem) => self.visit.explanation(&problem),
        }
    }

    /// What is known of the card in the making, if there is one and this role may see it.
    async fn making(&self, application: &str) -> Markup {
        let Ok(act) = self.act("production.progress") else {
            return html! {};
        };
        match self.ask(act, json!({"application": application}), None).await {
            Ok(progress) => html! {
                h2 { (self.say("The card", "制卡进度")) }
                (self.look().value("", &progress))
            },
            Err(_) => html! {},
        }
    }

    /// The answer of an act about one record, under its name.
    pub(super) async fn record(&self, act: &'static str, request: Value, title: (&str, &str), number: &str) -> Page {
        let shown = self.ask(self.act(act)?, request, None).await?;
        let title = format!("{} {number}", self.say(title.0, title.1));
        let content = html! {
            @if !shown["waiting"].is_null() { (self.waiting(&shown, number)) }
            (self.look().value("", &shown))
        };
        Ok(self.visit.page(StatusCode::OK, &title, &content))
    }

    /// Where a number can be looked up.
    pub(super) fn look_up(&self) -> Page {
        let kinds = [
            ("application", "Application: its number", "申请：编号"),
            ("card", "Card: its number", "社保卡：卡号"),
            ("account", "Personal account: the person's number", "个人账户：人员编号"),
            ("ledger", "Ledger account: fee, finance, pool:KIND …", "总账科目：fee、finance、pool:险种 …"),
            ("slip", "Payment slip: its number", "缴款单：编号"),
        ];
        let content = html! {
            @for (kind, en, zh) in kinds {
                form method="get" action="/page/find" {
                    input type="hidden" name="kind" value=(kind);
                    p {
                        label for=(kind) { (self.say(en, zh)) }
                        input id=(kind) name="number" required;
                        " " button { (self.say("Show", "查看")) }
                    }
                }
            }
        };
        Ok(self.visit.page(StatusCode::OK, self.say("Look up", "查询"), &content))
    }
}
