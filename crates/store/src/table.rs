//! What every table module is made of.

/// Declares the struct of a tenant's table and how to reach it:
/// `tenant_table!(/// Users of a tenant. Users, users);`.
macro_rules! tenant_table {
    ($(#[$doc:meta])* $name:ident, $method:ident) => {
        $(#[$doc])*
        pub struct $name<'a, M>(pub(crate) $crate::handle::Scoped<'a, M>);

        impl<'a, M> $crate::handle::Scoped<'a, M> {
            $(#[$doc])*
            pub const fn $method(self) -> $name<'a, M> {
                $name(self)
            }
        }
    };
}
pub(crate) use tenant_table;

/// The same for what is kept per cloud.
macro_rules! cloud_table {
    ($(#[$doc:meta])* $name:ident, $method:ident) => {
        $(#[$doc])*
        pub struct $name<'a, M>(pub(crate) $crate::handle::Cloud<'a, M>);

        impl<'a, M> $crate::handle::Cloud<'a, M> {
            $(#[$doc])*
            pub const fn $method(self) -> $name<'a, M> {
                $name(self)
            }
        }
    };
}
pub(crate) use cloud_table;
